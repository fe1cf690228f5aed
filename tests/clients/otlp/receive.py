"""A receiver of OTLP over HTTP that reads each request with OpenTelemetry's own messages.

Prints its port first, then a line of JSON for each request, until its standard input ends.
"""

import json
import sys
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from google.protobuf import json_format
from opentelemetry.proto.collector.metrics.v1.metrics_service_pb2 import (
    ExportMetricsServiceRequest,
    ExportMetricsServiceResponse,
)


def words(attributes):
    return {each.key: each.value.string_value for each in attributes}


def point(kind, each):
    told = {"labels": words(each.attributes), "began": each.start_time_unix_nano, "at": each.time_unix_nano}
    if kind == "sum":
        return told | {"count": each.as_int}
    if kind == "gauge":
        return told | {"value": each.as_double}
    return told | {
        "count": each.count,
        "sum": each.sum,
        "min": each.min,
        "max": each.max,
        "scale": each.scale,
        "zeros": each.zero_count,
        "offset": each.positive.offset,
        "buckets": list(each.positive.bucket_counts),
    }


def read(request):
    metrics = {}
    for resource in request.resource_metrics:
        for scope in resource.scope_metrics:
            for metric in scope.metrics:
                kind = metric.WhichOneof("data")
                data = getattr(metric, kind)
                temporality = getattr(data, "aggregation_temporality", None)
                points = [point(kind, each) for each in data.data_points]
                metrics[metric.name] = {
                    "kind": kind,
                    "unit": metric.unit,
                    "temporality": temporality,
                    "points": points,
                }
        yield {"resource": words(resource.resource.attributes), "metrics": metrics}


class Receiver(BaseHTTPRequestHandler):
    def do_POST(self):
        body = self.rfile.read(int(self.headers["content-length"]))
        request = ExportMetricsServiceRequest()
        try:
            assert self.path == "/v1/metrics", self.path
            assert self.headers["content-type"] == "application/json", self.headers
            # Whatever the messages have no field for is an error.
            json_format.Parse(body, request)
        except Exception as error:
            print(json.dumps({"error": str(error)}), flush=True)
            self.send_error(400)
            return
        for told in read(request):
            print(json.dumps(told), flush=True)
        answer = json_format.MessageToJson(ExportMetricsServiceResponse()).encode()
        self.send_response(200)
        self.send_header("content-type", "application/json")
        self.send_header("content-length", str(len(answer)))
        self.end_headers()
        self.wfile.write(answer)

    def log_message(self, *_):
        pass


server = ThreadingHTTPServer(("127.0.0.1", 0), Receiver)
print(server.server_port, flush=True)
threading.Thread(target=server.serve_forever, daemon=True).start()
sys.stdin.read()
server.shutdown()
