"""Programs made faster, by measuring: `optimize`.

Candidates are built on copies, compared with eager on the example and on other sizes and values, and timed in turn; the
fastest one that is equal is kept, and plain script where none wins.
"""
