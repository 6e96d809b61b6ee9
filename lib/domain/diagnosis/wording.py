"""What error texts of Runway, and of nobody in particular, say. A cause is one row; text in small letters."""

from __future__ import annotations

from lib.domain.diagnosis.text import pattern

# What says in so many words what happened, whatever status stands beside it.
STATED = (
    (
        "missing_api_key",
        pattern(
            r"""
            api_?(?:key|secret)['"`]? (?:\w{2,12} ){0,4}(?:missing|undefined|empty|required)
            api_?(?:key|secret)['"`]? (?:\w{2,12} ){0,4}not (?:been )?(?:set|configured|provided|found)
            (?<!or )(?:missing|no|undefined) (?:an? )?(?:runway\w{0,3} )?api[ _-]?key\b(?! you| is)
            (?:set the|without) (?:an? )?(?:runway\w{0,3} )?api[ _-]?key\b(?! you| is)
            (?:missing|no|undefined|required|not found|keyerror)\b[^\n.;]{0,30}\brunway\w{0,12}_(?:key|secret)
            \brunway\w{0,12}_(?:key|secret)['"`]?[^\n.;]{0,20} (?:not|field) (?:defined|set|found|required)\b
            \brunway\w{0,12}_(?:key|secret)['"`]?[^\n.;]{0,20} not present\b
            \brunway\w{0,12}_(?:key|secret)['"`]?: required\b
            \bclient option must be set\b[^\n]{0,80}\brunway\w{0,12}_(?:key|secret)
            # German, French, Spanish, Portuguese, Italian, Dutch, Polish, Russian, Japanese, Chinese
            \brunway\w{0,12}_(?:key|secret)['"`]?[^\n]{0,20}(?:fehlt|manqu|absent|ausente|ontbreekt|brak)
            \brunway\w{0,12}_(?:key|secret)['"`]?[^\n]{0,20}n[a-zã]{1,4} \S{0,12}(?:gesetzt|d[eé]fini)
            \brunway\w{0,12}_(?:key|secret)['"`]?[^\n]{0,20}(?:impostat|ingesteld|configurad|ustawion)
            \brunway\w{0,12}_(?:key|secret)['"`]?[^\n]{0,20}(?:не (?:задан|указан|найден)|отсутств)
            \brunway\w{0,12}_(?:key|secret)['"`]?[^\n]{0,20}(?:設定されて|未設定|未设置|未配置|缺失|缺少)
            (?:fehl|falta|manqu|manca|ontbre|brak|отсутств|缺少)[^\n]{0,40}\brunway\w{0,12}_(?:key|secret)
            no se encontr[^\n]{0,40}\brunway\w{0,12}_(?:key|secret)
            runway(?:ml)? api[ -]?(?:key|secret) (?:is )?(?:missing|not (?:set|configured|provided|found))
            """
        ),
    ),
    (
        "no_task_id",
        pattern(
            r"""
            did not return an? (?:\w{1,12} )?id\b
            no (?:video|task) id (?:was )?(?:found|returned|received|in\b)
            created with id: (?:undefined|null|$)
            (?:response|answer)\w{0,2} (?:has|had|contains|without|lacks) (?:no |an? )?(?:task )?id\b
            (?:response|answer)\w{0,2} (?:is |was )?missing (?:an? |the )?(?:task )?id\b
            \bno (?:task )?id in (?:the |its )?(?:\w{1,12} )?(?:response|answer)\b
            """
        ),
    ),
    (
        "unauthorized",
        pattern(
            r"""
            incorrect hostname for api key
            passed an api key to\b
            no valid key was sent
            \bapi key\b[^\n.]{0,40}\b(?:another|different|wrong) (?:product|environment|host)
            \bapi key (?:is for|belongs to|(?:can ?not|may not) be used)\b
            """
        ),
    ),
    (
        "wrong_headers",
        pattern(
            r"""
            \bx-runway-[\w-]{2,30}[`'"]? (?:request )?(?:header )?(?:is|was|must)\b
            (?:missing|invalid|unknown|unsupported|no|set the) (?:\w{1,12} ){0,2}[`'"]?x-runway-
            (?:unsupported|unknown|invalid|missing|outdated) api version\b
            \bapi version\b[^\n]{0,80}(?:not valid|invalid|not supported|unsupported|missing|required)
            (?:missing|invalid|unsupported|unknown) (?:api )?version header
            (?:missing|invalid|unsupported) content-type header
            content-type (?:header )?must be
            body is not (?:valid )?json
            \binvalid json\b
            \bin json at position \d
            """
        ),
    ),
    (
        "model_unavailable",
        pattern(
            r"""
            \bmodel (?:variant )?[`'"]?[\w.-]{1,60}[`'"]? isn['’]t (?:available|enabled|allowed|supported)
            \bmodel (?:variant )?[`'"]?[\w.-]{1,60}[`'"]? (?:is )?not (?:available|enabled|accessible|found)
            \bmodel (?:variant )?[`'"]?[\w.-]{1,60}[`'"]? (?:is )?(?:not (?:allowed|supported)|unavailable)
            \bmodel (?:variant )?[`'"]?[\w.-]{1,60}[`'"]? (?:is )?(?:no longer|deprecated|does not exist)
            \b(?:no|not have|n't have|without) access to (?:the |this )?(?:\S{1,40} )?model
            \b(?:no|not have|n't have|without) access to [`'"]?(?:gen-?\d|veo|act_two|aleph|upscale)
            \b(?:tier|plan) (?:does not|doesn't) include\b
            \bmodel\b[^\n.]{0,60}\brequires? [^\n.]{0,30}\b(?:tier|plan|subscription)\b
            ['"]path['"]:\s?\[\s?['"]model['"]
            (?:invalid|unknown|unsupported) model\b
            \bmodel: (?:invalid|expected|required)
            \bonly available (?:to|on|for|in)\b
            not (?:available|enabled) (?:to|for|on|in) (?:your|this) (?:tier|plan|organi[sz]ation|key)\b
            """
        ),
    ),
    (
        "cancelled",
        pattern(
            r"""
            \btask (?:with )?(?:id )?['"`]?[\w-]{0,60}['"`]? ?(?:was |is |could )?not (?:be )?found\b
            \btask (?:with )?(?:id )?['"`]?[\w-]{0,60}['"`]? ?(?:does not|doesn't|no longer) exists?\b
            \b(?:no such|unknown|could not find(?: the)?|no) (?:runway )?task\b(?! id\b| name)
            \btask (?:with )?(?:id )?['"`]?[\w-]{0,60}['"`]? ?(?:was |has been |is )(?:already )?deleted\b
            """
        ),
    ),
    (
        "insufficient_credits",
        pattern(
            r"""
            (?:not|n't|n’t) have enough credits?
            (?:not enough|insufficient|out of|no (?:more|remaining)|lack(?:s|ing)?) (?:\w{1,12} )?credits?
            insufficient (?:(?:account )?balance|funds)\b
            \bbalance (?:is|was) (?:0|zero)\b
            \b(?:0|no|zero) credits? (?:left|remain|available)
            credit balance
            \bspend(?:ing)? (?:cap|limit)\b
            payment required
            """
        ),
    ),
)

BY_STATUS = {
    400: "invalid_request",
    401: "unauthorized",
    402: "insufficient_credits",
    403: "unauthorized",
    404: "wrong_endpoint",
    405: "wrong_endpoint",
    406: "wrong_headers",
    408: "runway_unreachable",
    409: "runway_server_error",
    410: "wrong_endpoint",
    411: "wrong_headers",
    415: "wrong_headers",
    429: "rate_limited",
}

# Words of a look-up of a task: of what it answers, "not found" speaks of the task, not of the address.
# (Lambda keeps the app's own files in /var/task.)
LOOK_UP = pattern(
    r"""
    (?<!/var)/tasks?/[\w$%{-]
    \btasks?\.(?:retrieve|get|delete|cancel)\b
    \bretriev
    \blook(?:ing)?[ -]?up\b
    \bpoll(?:ing|ed|s)?\b
    \b(?:get|getting|fetch|fetching|read|reading|check|checking) (?:the )?(?:runway )?task\b
    \b(?:check|get|fetch|read|query)\w{0,3} (?:\w{1,12} ){0,3}status\b
    \btask status\b
    \bstatus (?:of|for) (?:the )?task\b
    \bstatus (?:check|poll|look|request|query)
    \b(?:cancel|delet)\w{0,6} (?:the )?(?:runway )?task\b
    """
)

# The classes of Runway's SDKs.
BY_CLASS = (
    ("unauthorized", pattern(r"\b(?:authentication|permissiondenied)error\b")),
    ("wrong_endpoint", pattern(r"\bnotfounderror\b")),
    ("rate_limited", pattern(r"\bratelimiterror\b")),
    ("invalid_request", pattern(r"\b(?:badrequest|unprocessableentity)error\b")),
    ("runway_server_error", pattern(r"\b(?:internalserver|conflict)error\b")),
    ("runway_unreachable", pattern(r"\bapi(?:connection|timeout|connectiontimeout|userabort)error\b")),
)

MODERATION = pattern(
    r"""
    \bsafety\b
    moderat(?:ion|ed)
    flagged
    content polic(?:y|ies)
    inappropriate
    not allowed content
    prohibited content
    \bnsfw\b
    \bpublic figures?\b
    violat\w{1,4} (?:\w{1,8} ){0,2}(?:usage|use|acceptable|safety|community)\b
    """
)
ASSET = pattern(
    r"""
    \basset\.
    \b(?:fetch|download|load|read|decode|process|access)\w{0,4} (?:the |your )?(?:\w{1,12} )?(?:asset|image)
    (?:asset|image) (?:\w{1,12} ){0,3}(?:not |un|in)(?:valid|supported|readable|reachable|accessible|be\b)
    (?:invalid|unsupported|corrupt\w{0,3}|unreadable) (?:\w{1,12} ){0,2}(?:asset|image)
    """
)

# Runway could not have the picture: the status beside it, other than 400, is that of the picture's host.
NOT_FETCHED = pattern(
    r"""
    <failed to> (?:fetch|download|load|access)\w{0,3} (?:the |your )?(?:input )?asset
    \b(?:image|picture)\b[^\n]{0,200} (?:could not|cannot|can't) be (?:fetch|download|load)ed by runway
    \bprompt_?image\b[^\n]{0,30} (?:not|un)[^\n]{0,8}(?:fetch|download|load|reach|access)
    runway\w{0,2} (?:could not|cannot|can't|couldn't) (?:fetch|download|load) [^\n]{0,20}\b(?:image|picture)\b
    """
)

BY_WORDING = (
    ("moderated", MODERATION),
    (
        "rate_limited",
        pattern(
            r"""
            too many requests
            rate.?limit
            (?:daily|monthly|task|generation|request)s? (?:\w{1,12} )?(?:limit|quota)
            (?:limit|quota) (?:\w{1,12} ){0,3}(?:reached|exceeded|exhausted)
            \blimit of \d{1,6} (?:generation|task|request|video)s\b
            reached (?:your|the) \S{1,30}(?: \w{1,12})? limit
            throttl
            """
        ),
    ),
    (
        "unauthorized",
        pattern(
            r"""
            unauthori[sz]ed
            (?:authentication|authori[sz]ation) (?:has )?(?:failed|error|required|is required)
            (?:fail\w{0,4}|unable|could not) (?:to )?(?:authenticat|authori[sz])
            \bauthentication with \S{1,40} failed
            (?:reject|refus)\w{0,3} (?:our|your|the|this) (?:api )?(?:key|token)\b
            \bkey\b[^.\n]{0,40}(?:invalid|incorrect|wrong|revoked|expired|disabled|not (?:valid|recogni))
            (?:invalid|incorrect|wrong|expired|revoked|bad) (?:\w{1,12} ){0,3}(?:key|token|credentials)
            \bforbidden\b
            permission denied
            access denied
            not permitted
            """
        ),
    ),
    (
        "wrong_endpoint",
        pattern(
            r"""
            (?:\A|[:\]({] ?)['"]?not found\b
            \b(?:page|route|endpoint|path|url|resource) (?:was |is )?not found\b
            method not allowed
            cannot (?:post|get) /
            no (?:such )?(?:route|endpoint|path)
            unknown (?:route|endpoint|path|version|url)
            """
        ),
    ),
    (
        "invalid_request",
        pattern(
            r"""
            validation (?:of|error|failed)
            bad request
            invalid_(?:type|union|enum|string|literal)
            invalid (?:asset|input|request|body|param\w{0,6}|value|ratio|duration|prompt|image)
            must be (?:at (?:most|least)|one of|between|an?\b)
            must contain
            expected .{1,40} (?:or|received|but)
            too (?:long|large|big|short|small|wide|tall)
            unsupported
            malformed
            unprocessable
            not supported
            """
        ),
    ),
    (
        "runway_server_error",
        pattern(
            r"""
            internal server error
            bad gateway
            service (?:is )?(?:temporarily )?unavailable
            temporarily unavailable
            gateway time-?out
            overloaded
            at capacity
            upstream
            """
        ),
    ),
)
# What says no more than that something failed: of Runway, where it is named, and else of nobody.
VAGUE = pattern(
    r"""
    internal error
    server error
    something went wrong
    unexpected error
    """
)

NO_CONNECTION = pattern(
    r"""
    \beconnrefused\b
    connection refused
    actively refused
    \benotfound\b
    \beai_(?:again|fail|nodata|noname)\b
    getaddrinfo
    name or service not known
    nodename nor servname
    name ?resolution
    no such host
    could not resolve host
    \be(?:host|net)unreach\b
    no route to host
    network is unreachable
    \bbad port\b
    invalid url
    failed to parse url
    unsupportedprotocol
    und_err_connect_timeout
    connect ?timeout
    connect etimedout
    all connection attempts failed
    failed to establish a new connection
    cannot connect to host
    certificate
    \bcert_
    self[- ]signed
    \berr_(?:tls|ssl|network)
    \beproto\b
    wrong version number
    sslerror
    handshake
    \bpkix path\b
    \bdns error\b
    fetch failed
    failed to (?:fetch|connect)
    connection error
    """
)
# It broke off, perhaps after it was made.
LOST = pattern(
    r"""
    \beconn(?:reset|aborted)\b
    \bepipe\b
    connection (?:was )?(?:reset|aborted)
    broken pipe
    socket hang up
    other side closed
    premature close
    und_err_(?:socket|headers_timeout|body_timeout)
    read (?:etimedout|timed out)
    readtimeout
    remote end closed
    server disconnected
    stream (?:was )?disconnected
    remoteprotocolerror
    incomplete ?read
    connection (?:was )?(?:closed|lost|terminated)
    (?:could|can)(?:not|n't| not) connect
    unable to connect
    \betimedout\b
    \besocket\w{0,12}\b
    \bund_err_\w{3,30}
    socket disconnected
    network (?:error|request failed|failure|timeout|connection)
    time[d -]{0,2}out
    abort(?:ed|error)
    \bterminated
    """
)

# The error class of the official SDK with its status and a body as Runway sends it, or none at all.
SDK_REFUSAL = pattern(
    r"\b(?:badrequest|authentication|permissiondenied|notfound|unprocessableentity|ratelimit)error: "
    r"(?:error code: )?4\d\d(?: - )?(?: ?\{\s?['\"]error['\"]\s?:\s?['\"]| status code \(no body\))"
)
SDK_CLASS = pattern(
    r"\b(?:badrequest|authentication|permissiondenied|notfound|unprocessableentity|ratelimit)error: "
    r"(?:error code: )?4\d\d\b"
)
BODY = pattern(r"\{\s?['\"]error['\"]\s?:\s?['\"]")
RUNWAYS_BODY = pattern(
    r"""
    docs\.dev\.runwayml\.com
    validation of body failed
    x-runway-
    enough credits to run this task
    incorrect hostname for api key
    """
)
# Words of another request than the creation, or of more than one: in doubt it proves nothing.
DOUBT = pattern(
    r"""
    /tasks?/
    \btasks?\.(?:retrieve|delete)
    \btask (?:id )?['"]?[0-9a-f]{8}
    \btask (?:was )?not found
    task status
    status of
    get(?:ting)? (?:the )?task
    retriev
    look(?:ing)?[ -]?up
    \bpoll
    check
    \bcancel
    \bdelet
    /v1/organization
    organi[sz]ation:
    /v1/uploads
    retr(?:y|ied|ies|ying)\b
    attempt
    previous
    earlier
    created
    succeeded
    fallback
    expected \w{0,30}error
    ignor
    internalservererror
    apiconnection
    timed? ?out
    econn
    socket
    \b5\d\d\b
    """
)
# The same in the names of functions and files of a stack.
DOUBT_IN_STACK = pattern(
    r"""
    retriev
    check\w{0,20}status
    [/.-]status\b
    poll
    waitfor
    webhook
    cancel
    delet
    """
)
