"""The stack on one machine remembers after a restart.

Its own file, and the last: after a restart the emulator reads its streams from their beginning, and
whatever comes next waits behind all the changes of the tests before.
"""

from tests.end_to_end.conftest import Stack


def test_records_survive_a_restart_and_nothing_is_deployed_again(stack: Stack) -> None:
    contact = {"email": "remembered@example.com", "first_name": "Ada"}
    stack.api.put("/v1/contacts", contact)

    stack.local.down()
    assert not stack.local.emulator.running()
    endpoints = stack.local.up()

    assert endpoints.api_url == stack.api_url
    assert endpoints.admin_key == stack.admin_key
    found = stack.api.get("/v1/contacts/remembered%40example.com")
    assert found["first_name"] == "Ada"
