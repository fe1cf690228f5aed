"""Puts what CloudWatch would have counted of KMS into moto: cloudwatch.py URL MINUTE:CALLS…, minutes back from now."""

import datetime
import sys

import boto3

url, *minutes = sys.argv[1:]
cloudwatch = boto3.client("cloudwatch", endpoint_url=url)
now = datetime.datetime.now(datetime.timezone.utc).replace(second=0, microsecond=0)
dimensions = {
    "Service": "KMS",
    "Type": "API",
    "Class": "None",
    "Resource": "CryptographicOperationsSymmetric",
}
for back, calls in (minute.split(":") for minute in minutes):
    cloudwatch.put_metric_data(
        Namespace="AWS/Usage",
        MetricData=[
            {
                "MetricName": "CallCount",
                "Dimensions": [{"Name": name, "Value": value} for name, value in dimensions.items()],
                "Timestamp": now - datetime.timedelta(minutes=int(back)),
                "Value": float(calls),
            }
        ],
    )
print("put")
