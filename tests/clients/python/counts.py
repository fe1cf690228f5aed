"""Calls to KMS of each second by operation and caller, as DuckDB counts them in CloudTrail's delivery files.

counts.py FOLDER|FILE REGION [THREADS]: prints CSV like `keystorm import cloudtrail --counts`. A file may also be one event a
line (.ndjson), or a table (.csv) whose column userIdentity holds JSON; each of them gzipped or not.
"""

import os
import sys

import duckdb

folder, region = sys.argv[1:3]
database = duckdb.connect()
if len(sys.argv) > 3:
    database.execute(f"SET threads = {int(sys.argv[3])}")
name = folder.removesuffix(".gz")
if name.endswith(".csv"):
    record = """
        SELECT json_object(
            'eventTime', eventTime, 'eventName', eventName, 'eventSource', eventSource, 'awsRegion', awsRegion,
            'eventType', eventType, 'eventID', eventID, 'userIdentity', userIdentity::JSON
        ) AS r
        FROM read_csv($files, all_varchar = true, header = true)
    """
elif name.endswith(".ndjson"):
    record = "SELECT json AS r FROM read_ndjson_objects($files)"
else:
    record = """
        SELECT unnest(Records) AS r
        FROM read_json($files, columns = {Records: 'JSON[]'}, maximum_object_size = 1000000000)
    """
rows = database.execute(
    f"""
    WITH record AS ({record}),
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
    {"files": f"{folder}/**/*.json*" if os.path.isdir(folder) else folder, "region": region},
).fetchall()
print("time,operation,caller,calls")
for row in rows:
    print(",".join(str(field) for field in row))
