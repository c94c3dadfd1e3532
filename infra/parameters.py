"""Names of the deployment's parameters that a command sets: known to the template and to it alone.

Apart from the constructs, so that a command need not start Node to know them.
"""

# They have the stack use a restored table instead of its own.
RESTORED_TABLE = "RestoredTable"
RESTORED_STREAM = "RestoredStream"
