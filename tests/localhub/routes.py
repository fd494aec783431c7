"""The wire contract: which method and path does what. The first that fits is taken."""

import re
import traceback

from localhub import login, proposals, reading, writing
from localhub.wire import RefusedError, Reply

KIND = r"(?P<kind>models|spaces|datasets)"
REPO = rf"/api/{KIND}/(?P<id>[^/]+/[^/]+)"
PAGE = r"/(?:(?P<kind>spaces|datasets)/)?(?P<id>[^/]+/[^/]+?)"
REVISION = r"/(?P<revision>[^/]+)"
ROUTES = (
    ("GET", "/api/whoami-v2", reading.whoami),
    ("POST", "/api/repos/create", writing.create),
    ("DELETE", "/api/repos/delete", writing.delete),
    ("POST", "/api/validate-yaml", writing.validate_yaml),
    ("GET", f"/api/{KIND}", reading.repos),
    ("GET", REPO, reading.information),
    ("GET", REPO + "/revision" + REVISION, reading.information),
    ("GET", REPO + "/runtime", reading.runtime),
    ("PUT", REPO + "/settings", writing.settings),
    ("GET", REPO + "/tree" + REVISION + "(?:/(?P<below>.+))?", reading.tree),
    ("POST", REPO + "/paths-info" + REVISION, reading.paths_info),
    ("GET", REPO + "/refs", reading.refs),
    ("GET", REPO + "/commits" + REVISION, reading.commits),
    ("POST", REPO + "/preupload" + REVISION, writing.preupload),
    ("POST", REPO + "/commit" + REVISION, writing.commit),
    ("POST", REPO + "/tag" + REVISION, writing.tag),
    ("DELETE", REPO + "/tag" + REVISION, writing.untag),
    ("POST", REPO + "/branch" + REVISION, writing.branch),
    ("GET", REPO + "/discussions", proposals.listed),
    ("GET", REPO + r"/discussions/(?P<num>\d+)", proposals.told),
    ("POST", REPO + r"/discussions/(?P<num>\d+)/status", proposals.status),
    ("POST", REPO + r"/discussions/(?P<num>\d+)/merge", proposals.merge),
    ("POST", PAGE + r"\.git/info/lfs/objects/batch", writing.lfs_batch),
    ("POST", "/lfs/verify", writing.lfs_verify),
    ("PUT", "/lfs/(?P<oid>[0-9a-f]{64})", writing.lfs_put),
    ("GET", "/[.]well-known/openid-configuration", login.configuration),
    ("GET", "/oauth/jwks", login.keys),
    ("GET", "/oauth/authorize", login.authorize),
    ("POST", "/oauth/token", login.token),
    ("GET", "/oauth/userinfo", login.userinfo),
    ("GET", "/avatars/(?P<user>[^/]+)[.]svg", login.avatar),
    ("GET", PAGE + "/resolve/(?P<rest>.+)", reading.resolve),
)
TABLE = [(method, re.compile(pattern), route) for method, pattern, route in ROUTES]


def carry_out(request):
    """The reply to a request. A mistake of the Hub itself is a 500, and told when the Hub stops."""
    method = "GET" if request.method == "HEAD" else request.method
    try:
        for wanted, pattern, route in TABLE:
            if wanted == method and (match := pattern.fullmatch(request.path)):
                request.names = match.groupdict()
                with request.hub.lock:
                    return route(request)
        raise RefusedError(404, "Not Found")
    except RefusedError as refusal:
        return refusal.reply()
    except Exception as error:
        request.hub.broken.append(error)
        return Reply({"error": traceback.format_exc()}, 500)
