"""What stored documents have in common: their fields' names, so that deflating need not tell them.

Most documents are short, and a short text holds little that repeats itself. Write units are counted
by the kilobyte. Items are read by this text, so not a byte of it may ever change: another preset
gets another name and another mark.
"""

from __future__ import annotations

# fmt: off
PRESET = (
    b'"EUR","USD","active","canceled","cancelled","completed","create","created","cycle","daily","'
    b'declined","disputed","failed","first","joined","live","lost","monthly","one_time","open","pa'
    b'id","partially_refunded","paused","payment_failed","pending","refunded","stripe","subscripti'
    b'on","updated","weekly","won","yearly"{"digest":"","outcome":"","occurred_at":0,"received_at"'
    b':0,"recorded_at":0,"source":"live","provider":"stripe","headers":{},"messages":[{"to":"","co'
    b'nnection_id":"","subject":null,"job":"","customer_id":""}]}{"order_id":""}{"seen":[["",0,""]'
    b']}{"said":[{"place":[0,0,0,"","customer.created"],"said":{"customer":{"email":"","first_name'
    b'":"","last_name":"","phone":null,"billing_address":null,"shipping_address":null,"payment_met'
    b'hod":null,"deleted":false}}}]}{"contact_id":"","email":"","aliases":[],"first_name":"","last'
    b'_name":"","phone":null,"company":null,"tags":[],"lists":[],"segments":[],"source":{"first_so'
    b'urce":null,"campaign":null,"landing_page":null},"created_date":0,"orders_count":0,"kept_orde'
    b'rs":0,"revenue":{"HUF":{"orders":0,"net":0}},"first_order_date":0,"last_order_date":0,"first'
    b'_start_date":0}{"facets":{"customer":{"email":""},"document":{"number":"","state":"paid","gr'
    b'oss":0,"due":0,"subtotal":0,"discount":0,"tax":0,"shipping":0,"currency":"USD","created":0,"'
    b'paid_date":0,"attempted":0,"next_attempt":null,"cycle":"cycle","subscription_id":"","custome'
    b'r_id":"","email":"","items":[{"name":"","category":null,"sku":null,"brand":null,"tag":null,"'
    b'store_primary_id":"","price_id":"","quantity":0,"amount":0}]},"payment:":{"payment":"","weig'
    b'ht":0,"amount":0,"currency":"USD","status":"completed","date":0,"fee":null,"customer_id":nul'
    b'l,"email":null,"reference":null,"description":null},"attempt":{"date":0},"refunded:":{"amoun'
    b't":0,"date":0,"payment":""},"refund:":{"id":"","amount":0,"date":0,"status":"completed","pay'
    b'ment":""}},"newest":[0,0,0,0,""],"customer_id":"","contact_id":"","email":"","shown":true,"d'
    b'ate":0,"modified":null,"refs":["","","",""],"provisional":false,"brought":true}{"facets":{"c'
    b'ustomer":{"email":"","methods":{"pm_mlYCs0PAdci9zo8ozYTHTN42":""}},"terms":{"name":null,"sta'
    b'tus":"cancelled","store_status":"canceled","billing_interval":"monthly","billing_interval_co'
    b'unt":0,"currency":"","amount":0,"inferred":[],"discount_percent":null,"discount_amount":null'
    b',"tax_percent":null,"items":[{"name":null,"category":null,"sku":null,"brand":null,"tag":null'
    b',"store_primary_id":"","price_id":"","quantity":0,"amount":0}],"created_date":0,"start_date"'
    b':0,"anchor_date":0,"next_payment_date":null,"retries":false,"cancelled_date":0,"ended_date":'
    b'0,"cancel_at_period_end":false,"is_trial":false,"total_cycles":0,"note":null,"external_id":n'
    b'ull,"payment_method":""},"origin":{"order_id":""},"order:":{"status":"declined","date":0,"gr'
    b'oss":0,"subtotal":0,"discount":0,"tax":0,"shipping":0,"cycle":"cycle","cycle_paid":false,"ne'
    b'xt_attempt":null}},"newest":[0,0,0,0,""],"customer_id":"","contact_id":"","email":"","shown"'
    b':true,"date":0,"modified":0,"states":[[0,"pending",false,0,"","monthly",0,""]]}[0,0,"","cust'
    b'omer.subscription.updated",0,{"terms":{"name":null,"status":"active","store_status":"active"'
    b',"billing_interval":"monthly","billing_interval_count":0,"currency":"EUR","amount":0,"inferr'
    b'ed":[],"discount_percent":null,"discount_amount":null,"tax_percent":"","items":[{"name":null'
    b',"category":null,"sku":null,"brand":null,"tag":null,"store_primary_id":"","price_id":"","qua'
    b'ntity":0,"amount":0}],"created_date":0,"start_date":0,"anchor_date":0,"next_payment_date":0,'
    b'"retries":false,"cancelled_date":null,"ended_date":null,"cancel_at_period_end":false,"is_tri'
    b'al":false,"total_cycles":0,"note":null,"external_id":null,"payment_method":""}},{"terms":{"n'
    b'ame":null,"status":"active","store_status":"active","billing_interval":"monthly","billing_in'
    b'terval_count":0,"currency":"EUR","amount":0,"inferred":[],"discount_percent":null,"discount_'
    b'amount":null,"tax_percent":"","items":[{"name":null,"category":null,"sku":null,"brand":null,'
    b'"tag":null,"store_primary_id":"","price_id":"","quantity":0,"amount":0}],"created_date":0,"s'
    b'tart_date":0,"anchor_date":0,"next_payment_date":0,"retries":false,"cancelled_date":null,"en'
    b'ded_date":null,"cancel_at_period_end":false,"is_trial":false,"total_cycles":0,"note":null,"e'
    b'xternal_id":null,"payment_method":""}},[],false,false,"updated",[["","",""]],false,false,fal'
    b'se,0,"",0,0,null,[]]'
)
# fmt: on
