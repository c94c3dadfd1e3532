"""The stack, read from top to bottom as an event travels; every permission is a line here."""

from __future__ import annotations

from aws_cdk import CfnOutput, Stack
from constructs import Construct

from infra.api import Api
from infra.automations import Automations
from infra.backtests import Backtests
from infra.bundle import Bundler
from infra.bus import Bus
from infra.change_log import ChangeLog, LogBucket
from infra.connection_secrets import ConnectionSecrets
from infra.doors import Doors
from infra.functions import Functions
from infra.glue import Tables
from infra.monitoring import Monitoring
from infra.options import Options
from infra.processor import Processor
from infra.provider_calls import ProviderCalls
from infra.queues import Queues
from infra.storage import Storage


class PaysignalStack(Stack):
    """Doors, queues, processor, table, API and alarms of one business."""

    def __init__(self, scope: Construct, name: str, *, options: Options, bundler: Bundler) -> None:
        super().__init__(scope, name, description="paysignal: webhooks of payments as records")
        self.storage = Storage(self, "Storage", customer_key=options.customer_key)
        self.log = LogBucket(self, "Log", key=self.storage.key)
        self.queues = Queues(self, "Queues", key=self.storage.key)
        self.secrets = ConnectionSecrets(self, "Secrets", prefix=f"/{name}/connections")
        self.endpoint_secrets = ConnectionSecrets(
            self, "EndpointSecrets", prefix=f"/{name}/endpoints"
        )
        self.bus = Bus(self, "Bus", name=name)
        values = {
            **self.storage.names,
            **self.log.names,
            **self.queues.urls,
            "PARAMETER_PREFIX": self.secrets.prefix,
            "ENDPOINT_PREFIX": self.endpoint_secrets.prefix,
            "BUS_NAME": self.bus.name,
        }
        self.functions = Functions(bundler=bundler, local=options.local, values=values)
        doors = self._let_events_in(options)
        self._process_events()
        self._call_providers()
        automations = self._run_automations(options)
        log = self._record_changes(options, name)
        api = self._answer(options, doors)
        # Which it must not post to. The API knows nothing of automations, so no circle closes.
        automations.run.add_environment("API_HOSTS", api.hosts)
        Monitoring(self, "Monitoring", queues=self.queues, api=api, functions=self.functions)
        values["COMPACT_FUNCTION"] = log.compact.function_name
        for key, value in {"API_URL": api.url, **values}.items():
            CfnOutput(self, key.title().replace("_", ""), value=value)

    def _let_events_in(self, options: Options) -> Doors:
        concurrency = options.door_concurrency
        doors = Doors(self, "Doors", functions=self.functions, concurrency=concurrency)
        for door in doors.by_provider.values():
            self.secrets.grant_read(door)
            self.storage.grant_put_bodies(door)
            self.queues.events.grant_send_messages(door)
        if options.local and options.paypal_authority:
            paypal = doors.by_provider["paypal"]
            paypal.add_environment("PAYPAL_AUTHORITY", options.paypal_authority)
        return doors

    def _process_events(self) -> None:
        queues = self.queues
        processor = Processor(self, "Processor", functions=self.functions, queues=queues).function
        queues.events.grant_consume_messages(processor)
        queues.history.grant_consume_messages(processor)
        self.storage.grant_read_bodies(processor)
        self.storage.grant_delete_bodies(processor)
        self.storage.grant_read_write(processor)
        self.storage.grant_walk(processor)
        self.log.grant_ledger(processor)
        for queue in (queues.events, queues.history, queues.calls, queues.events_dead):
            queue.grant_send_messages(processor)

    def _call_providers(self) -> None:
        calls = self.queues.calls
        caller = ProviderCalls(
            self, "ProviderCalls", functions=self.functions, queue=calls
        ).function
        calls.grant_consume_messages(caller)
        self.secrets.grant_read(caller)
        self.storage.grant_read_write(caller)
        self.storage.grant_put_bodies(caller)
        self.queues.events.grant_send_messages(caller)
        self.queues.history.grant_send_messages(caller)

    def _run_automations(self, options: Options) -> Automations:
        automations = Automations(
            self,
            "Automations",
            functions=self.functions,
            stream_arn=self.storage.stream_arn,
            queues=self.queues,
            local=options.local,
        )
        for function in (automations.fire, automations.run, automations.wake):
            self.storage.grant_read_write(function)
            self.queues.automations.grant_send_messages(function)
        self.storage.grant_read_write(automations.watch)
        self.log.grant_read(automations.watch)
        self.queues.calls.grant_send_messages(automations.watch)
        self.queues.history.grant_send_messages(automations.watch)
        self.storage.grant_read_stream(automations.fire)
        self.queues.stream_dead.grant_send_messages(automations.fire)
        self.queues.calls.grant_send_messages(automations.fire)
        self.queues.calls.grant_send_messages(automations.wake)
        self.queues.automations.grant_consume_messages(automations.run)
        self.endpoint_secrets.grant_read(automations.run)
        self.bus.grant_put(automations.fire)
        self.bus.grant_put(automations.run)
        return automations

    def _record_changes(self, options: Options, name: str) -> ChangeLog:
        log = ChangeLog(
            self,
            "ChangeLog",
            functions=self.functions,
            stream_arn=self.storage.stream_arn,
            queues=self.queues,
            local=options.local,
        )
        self.storage.grant_read_stream(log.record)
        self.queues.stream_dead.grant_send_messages(log.record)
        for function in (log.record, log.compact):
            self.log.grant_read(function)
            self.log.grant_write(function)
        self.log.grant_delete(log.compact)
        Tables(self, "Tables", bucket=self.log.bucket, prefix=name, local=options.local)
        return log

    def _answer(self, options: Options, doors: Doors) -> Api:
        origins = options.cors_origins
        api = Api(self, "Api", functions=self.functions, doors=doors, cors_origins=origins)
        self.storage.grant_read(api.query)
        self.storage.grant_read_bodies(api.query)
        self.log.grant_read(api.query)
        self.log.grant_export(api.query)
        self.storage.grant_read_write(api.manage)
        self.storage.grant_read_bodies(api.manage)
        self.storage.grant_put_bodies(api.manage)
        self.log.grant_ledger(api.manage)
        self.secrets.grant_write(api.manage)
        self.endpoint_secrets.grant_write(api.manage)
        self.queues.automations.grant_send_messages(api.manage)
        self.queues.events.grant_send_messages(api.manage)
        self.queues.history.grant_send_messages(api.manage)
        backtests = Backtests(self, "Backtests", functions=self.functions)
        self.storage.grant_read_write(backtests.function)
        self.log.grant_read(backtests.function)
        backtests.grant_invoke(api.manage)
        api.manage.add_environment("BACKTEST_FUNCTION", backtests.function.function_name)
        return api
