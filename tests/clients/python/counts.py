"""Calls to KMS of each second by operation and caller, as DuckDB counts them in CloudTrail's delivery files.

counts.py FOLDER REGION [THREADS]: prints CSV like `keystorm import cloudtrail --counts`.
"""

import sys

import duckdb

folder, region = sys.argv[1:3]
database = duckdb.connect()
if len(sys.argv) > 3:
    database.execute(f"SET threads = {int(sys.argv[3])}")
rows = database.execute(
    """
    WITH record AS (
        SELECT unnest(Records) AS r
        FROM read_json($files, columns = {Records: 'JSON[]'}, maximum_object_size = 1000000000)
    ),
    call AS (
        SELECT
            r->>'$.eventTime' AS time,
            r->>'$.eventName' AS operation,
            coalesce(
                r->>'$.userIdentity.invokedBy',
                'role ' || (r->>'$.userIdentity.sessionContext.sessionIssuer.userName'),
                'user ' || (r->>'$.userIdentity.userName'),
                r->>'$.userIdentity.type',
                'unknown'
            ) AS caller,
            coalesce(r->>'$.sharedEventID', r->>'$.eventID') AS id
        FROM record
        WHERE r->>'$.eventSource' = 'kms.amazonaws.com'
          AND r->>'$.awsRegion' = $region
          AND r->>'$.eventType' = 'AwsApiCall'
    ),
    once AS (SELECT DISTINCT ON (id, substr(time, 1, 13)) * FROM call)
    SELECT time, operation, caller, count(*) FROM once GROUP BY ALL ORDER BY ALL
    """,
    {"files": f"{folder}/**/*.json*", "region": region},
).fetchall()
print("time,operation,caller,calls")
for row in rows:
    print(",".join(str(field) for field in row))
