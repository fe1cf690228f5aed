"""Names the platform that the binary in the wheel is for."""

import os

from hatchling.builders.hooks.plugin.interface import BuildHookInterface


class PlatformTag(BuildHookInterface):
    """Any Python 3, no ABI, one platform: the tag that packaging/make found for the binary."""

    def initialize(self, version, build_data):
        build_data["pure_python"] = False
        build_data["tag"] = "py3-none-" + os.environ["KEYSTORM_WHEEL_PLATFORM"]
