"""How each speaker is known: sentences and codes that are theirs alone, and names.

One pattern a line, for text in small letters; every quantifier is bounded, so that reading stays linear in
the length of a text. `<failed to>` stands for the ways to say so.
"""

from __future__ import annotations

from lib.domain.diagnosis.text import rows

RUNWAY = rows(
    r"""
    docs\.dev\.runwayml\.com
    x-runway-
    incorrect hostname for api key
    passed an api key to\s
    validation of body failed
    enough credits to run this task
    daily task limit
    model variant [\w.-]{1,60} is not available
    (?:fetch|invalid|input|unsupported) assets?\b
    prompt(?:image|text)\b
    runwayml\.\w{3,40}error
    runway (?:could not|cannot|couldn't|can't) (?:fetch|download|load) [^\n]{0,20}(?:image|picture)\b
    """
)

# Vercel's error codes, what it says in logs, Lambda's and Supabase's words for the same.
PLATFORM_TIMEOUT = rows(
    r"""
    (?:invocation|function|lambda|idle|gateway)_timeout\b
    vercel runtime timeout
    \btask timed out after \d
    \bno initial response within
    did(?: not|n't) return an initial response within
    \bfunction (?:"[^"\n]{1,80}" )?(?:has |was |execution |invocation |call )?(?:timed out|time-?out|exceeded)
    \bfunction took (?:too long|longer)
    \bfunction (?:did not|didn't) (?:respond|return|finish|complete|send) (?:[a-z]{1,8} ){0,3}(?:within|in) \d
    \binitial response (?:time )?(?:limit|timeout|time-?out)\b
    \bmaximum request timeout\b
    \bh12\b[^\n]{0,20}request timeout
    exceeded (?:its |the )?max(?:imum)? (?:allowed |execution |function )?(?:duration|time|runtime|execution)
    max(?:imum)? (?:allowed |execution |function )?(?:duration|time|run ?time) [^\n]{0,30}(?:exceeded|reached)
    \bmaxduration\b
    wall clock (?:time )?limit
    wallclocktime
    (?:exceeded|reached) (?:the )?cpu (?:time )?limit
    cpu time (?:limit )?exceeded
    (?:execution|lambda|handler) timed out
    sandbox\.timedout
    report\b[^\n]{0,200}status: timeout
    endpoint request timed out
    """
)
PLATFORM_STOP = rows(
    r"""
    (?:function|middleware)[_ ]invocation[_ ]failed
    no_response_from_function
    function_(?:throttled|rate_limit)\b
    internal_function_service_unavailable
    infinite_loop_detected
    body_not_a_string_from_function
    worker_(?:resource_)?limit\b
    boot_error\b
    edge_function_error\b
    (?:not (?:supported|allowed)|unsupported) [^\n]{0,20}\bedge runtime
    not having enough compute resources
    \bruntime exited\b
    \blambda\.unknown\b
    runtime\.(?:exiterror|outofmemory|unknown|importmoduleerror|usercodesyntaxerror|handlernotfound)
    heap out of memory
    reached heap limit
    \bout of memory\b
    \boomkilled\b
    cannot allocate memory
    exceeded (?:the )?memory limit
    memory limit exceeded
    due to memory
    \benomem\b
    early ?(?:drop|termination has been)
    \bmemoryerror\b
    \bsig(?:kill|term|abrt|segv|bus)\b
    signal: killed
    \b(?:process|function|lambda|container|instance|worker) (?:\w{1,10} )?(?:exited|crashed)
    \b(?:process|function|lambda|container|instance|worker) (?:was|has been|has) (?:killed|terminated|stopped)
    exit (?:status|code) 1[23]\d\b
    \bcontainer called exit\b
    \bworker exceeded resource limits
    \bmemory quota exceeded\b
    failed to post handler success response
    an error occurred with (?:your|this) (?:deployment|application)
    """
)
# The first words of that page, where JSON was expected: it does not say whether it timed out.
PLATFORM_PAGE = rows(
    r"""
    unexpected token '?a'?, "an error o
    unexpected token a in json at position 0
    """
)
PLATFORM_REFUSAL = rows(
    r"""
    deployment_(?:blocked|deleted|disabled|not_found|not_ready_redirecting|paused)\b
    function_(?:response_)?payload_too_large
    function\.responsesizetoolarge
    router_(?:external_target|cannot_match)\w{0,40}
    dns_hostname_\w{3,30}
    (?:request_header_too_large|url_too_long|middleware_runtime_deprecated)\b
    too_many_(?:forks|filesystem_checks)\b
    internal_(?:unexpected_error|deployment_fetch_failed|unarchive_failed|function_not_(?:found|ready))
    internal_(?:cache|router|static|missing_response|optimized_image)_\w{3,40}
    (?:fallback_body_too_large|invalid_image_optimize_request|invalid_request_method|malformed_request_header)\b
    (?:microfrontends|optimized_external_image_request|range)_[a-z]{3,12}_\w{3,30}
    optimized_external_image_request_\w{3,30}
    router_too_many_has_selections
    sandbox_\w{3,20}
    \bcode: not_found\b
    function "[^"\n]{1,80}" is [\d.]{1,8} ?mb which exceeds
    vercel security checkpoint
    """
)

STORAGE = rows(
    r"""
    # Supabase Storage
    storage(?:api|unknown|vectors)?(?:error|exception)\b
    /storage/v1/
    storage\.objects\b
    violates row-level security policy for table \\?"objects
    bucket (?:\S{1,60} )?(?:does not exist|not found)
    the resource already exists
    exceeded the maximum allowed size
    mime type \S{1,60} is not supported
    \bobject not found\b
    \binvalidkey\b
    upload not found
    signature verification failed
    provide the content-length
    statuscode['"]:\s?['"][45]\d\d['"]
    # S3, R2 and others that speak like it
    \bnosuch(?:bucket|key|upload)\b
    the specified (?:bucket|key) does not exist
    \bs3:\w
    \bs3\w{0,20}(?:error|exception)\b
    arn:aws:s3
    \bs3[.-][\w.-]{0,40}amazonaws
    \baccessdenied\b
    signaturedoesnotmatch
    the request signature we calculated
    invalidaccesskeyid
    the (?:aws )?access key id
    signature does not match
    provided token has expired
    requesttimetooskewed
    entitytoolarge
    reduce your request rate
    expiredtoken\b
    calling the (?:put|head|get|copy|delete|list|create|upload|complete)\w{0,30} operation
    \b(?:put|head|get|copy|delete)object\b
    \buploadpart\b
    multipartupload
    could not load credentials from any provider
    unable to locate credentials
    nocredentialserror
    credentialsprovidererror
    r2\.cloudflarestorage
    # Google, Vercel Blob, Azure, Firebase
    storage\.googleapis\.com
    google\.cloud\.storage
    does not have storage\.
    vercel blob
    blob\.vercel-storage
    blob_read_write_token
    \bblob(?:access|store|unknown|notfound|service|content|pathname|client|file|request|precond)\w{0,20}error
    blob\.core\.windows
    cloudinary
    uploadthing
    \bstorage/(?:unauth\w{4,12}|unknown|quota-exceeded|\w{3,12}-not-found|retry-limit-exceeded)
    # the function's own disk
    \b(?:enospc|erofs|eacces|enoent|emfile|enotdir)\b
    no space left on device
    read-only file system
    no such file or directory
    # what apps say
    \bstorage (?:error|api|upload|download|request|client|service)\b
    <failed to> upload\w{0,4}\b(?! (?:\w{1,20} ){0,4}to runway)
    \bupload (?:\w{1,12} ){0,2}(?:failed|error|aborted|timed out)
    <failed to> (?:sav|stor|writ|put|copy|persist|mov)\w{0,4} [^\n]{0,60}\b(?:storage|bucket|s3|r2|blob|cdn)\b
    \b(?:to|in|into|from) (?:the )?(?:\w{1,20} )?(?:storage|bucket)\b
    signed ?(?:upload ?)?url
    \b(?:upload|save|put|copy)to(?:s3|r2|gcs|storage|bucket|blob)\b
    """
)

DATABASE = rows(
    r"""
    # Postgres refuses a statement
    violates (?:\S{1,80} ){1,3}constraint
    violates row-level security
    duplicate key value
    null value in column
    value too long for type
    invalid input (?:syntax|value) for
    out of range for (?:the )?type
    index row size
    invalid byte sequence for encoding
    unicode escape sequence
    shared memory segment
    \bdisk full\b
    must be superuser
    infinite recursion detected in policy
    stack depth limit
    there is no parameter \$
    bind message supplies
    numeric field overflow
    failing row contains
    on conflict do
    there is no unique or exclusion constraint
    syntax error at or near
    \b(?:relation|column|type|role|database|schema|sequence|constraint) \S{1,120} (?:does not|already) exist
    \bcolumn \S{1,80} of relation \S{1,80} (?:does not|already) exist
    prepared statement \S
    \b(?:function [^\n]{1,120}|operator) does not exist
    permission denied for (?:table|schema|relation|function|sequence|view|database|column)
    must be owner of
    canceling statement due to
    deadlock detected
    could not serialize access
    could not obtain lock
    \block timeout
    current transaction is aborted
    cannot execute \w{3,12} in a read-only
    cached plan must not change
    \bsqlstate\b
    \bcode['"]?\s?[:=]\s?['"](?:0[8a]|2[1-358bd6]|3[4df]|4[0-4]|5[3-8]|f0|hv|p0|xx)[0-9a-z]{3}['"]
    # Postgres refuses a connection, or loses it
    too many (?:database )?(?:connections|clients)\b
    remaining connection slots
    password authentication failed
    no pg_hba\.conf entry
    the database system is
    terminating connection due to
    connection to server at
    server closed the connection unexpectedly
    ssl connection has been closed
    ssl connection is required
    server does not support ssl
    \bgssapi\b
    frontend protocol
    \bsasl\b
    \bscram-
    # poolers
    tenant or user not found
    tenant/user \S{1,80} not found
    tenant allow_list
    maxclientsin
    max clients (?:reached|in)
    max client connections
    no more connections allowed
    \(?e(?:maxconn|dbhandler|circuitbreaker|authquery)
    circuit breaker open
    \bdbhandler\b
    query_wait_timeout
    unable to check ?out
    connection terminated (?:unexpectedly|due to)
    timeout exceeded when trying to connect
    query read timeout
    client has encountered a connection error
    cannot use a pool after
    (?<!err_)\bconnect_timeout \S
    \bconnection_(?:closed|ended|destroyed)\b
    queuepool limit
    connection from the (?:connection )?pool
    connection pool (?:timeout|exhausted|is full)
    timeout acquiring a connection
    # PostgREST, and Supabase before it
    \bpgrst[0-9x]\w{2}\b
    \bpostgrest
    schema cache
    \bjwt (?:expired|issued at future|cryptographic)
    no suitable key or wrong key type
    best candidate function
    could not embed because
    \binvalid schema: \w
    media types are available
    method on rpc\b
    max-affected preference
    anonymous access is disabled
    invalid path specified in request url
    invalid response was received from the upstream server
    project is paused
    legacy api keys are disabled
    unregistered api key
    \bjws\w{0,3}(?:invalid|error)
    results? contains? 0 rows
    cannot coerce the result to a single json
    multiple \(or no\) rows
    no rows in result set
    more than one row returned
    json object requested, multiple
    no api key found in request
    no `apikey` request
    double check your supabase
    supabase(?:url|key) is required
    invalid supabase
    invalid authentication credentials
    \.supabase\.(?:co|com|in|net|red)\b
    # Prisma
    `prisma\.
    prismaclient\w{3,30}error
    operations timed out after `
    error opening a tls connection
    raw query\b
    server has closed the connection
    value for the column is too long
    record searched for in the where
    (?:unique|foreign key|null) constraint (?:failed|violation)
    a constraint failed on
    provided value `[^`\n]{1,80}` for
    data validation error
    validate the query
    missing (?:a|the) required (?:value at|argument)
    violate the required relation
    related record could not be found
    query interpretation error
    \bp[1256]0[0-3]\d\b
    connected records were not found
    inconsistent column data
    transaction (?:api error|already closed|failed)
    query engine library
    can't reach database server
    error querying the database
    # other libraries
    drizzlequeryerror
    \bfailed query:
    postgres(?:t|ql)?error
    neondberror
    queryfailederror
    sequelize\w{0,20}error
    \basyncpg\.
    \bpsycopg2?\.
    \bsqlalchemy\.
    sqlalche\.me
    \bpq:\s
    \bpgconn\b
    \bpgx\b
    \bpg::\w
    pdoexception
    \bjava\.sql\b
    \bpsqlexception\b
    \bnpgsql
    \bdbconnection\.
    (?:error|fatal):? {1,3}(?:0[8a]|2[1-358bd6]|3[4df]|4[0-4]|5[3-8]|p0|xx)[0-9a-z]{3}: (?=[a-z])
    \bdjango\.db\b
    activerecord::
    libsql\w{0,6}error
    \bora-\d{5}\b
    sqlite_\w
    sqliteerror
    \ber_[a-z_]{3,30}
    mongo\w{0,15}error
    \b(?:database|operational|integrity|programming)error\b
    # what apps say
    <failed to> (?:updat|sav|insert|writ|stor|persist|set)\w{0,4} (?:\w{1,4} )?(?:video|clip)\b
    <failed to> (?:updat|sav|insert|writ|stor|persist|set)\w{0,4} (?:\w{1,4} )?(?:status|state|row|record)\b
    <failed to> (?:updat|sav|insert|writ|stor|persist|set)\w{0,4} (?:\w{1,4} )?(?:database|db)\b
    <failed to> (?:updat|sav|insert|writ|stor|persist|set)\w{0,4} (?:\w{1,4} )?\w{0,30}_id\b
    record to update not found
    \b(?:row|record)s? (?:was |were )?not found
    no (?:row|record)s? (?:was |were )?(?:found|updated|returned|affected|matched)
    """
)

SERVICE = rows(
    r"""
    # models of others
    \bsk-proj-
    \bsk-[\w*-]{4}
    \bsk_(?:live|test)_
    incorrect api key provided
    you exceeded your current quota
    insufficient_quota
    billing[_ ]hard[_ ]limit
    content_policy_violation
    context_length_exceeded
    rate limit reached for\s
    the model `[^`\n]{1,60}` does not exist
    x-api-key
    overloaded_error
    api key not valid\. please pass
    resource_exhausted
    googlegenerativeai
    generativelanguage
    \breplicateerror
    \bhfinference\w{0,10}error
    \b(?:authentication|invalid_request|rate_limit|not_found|permission)_error\b
    status['"]?\s?:\s?['"](?:unauthenticated|permission_denied|invalid_argument|unavailable)['"]
    # payment, mail, queues
    \bstripe\w{0,30}error
    no such (?:customer|payment|price|subscription)
    your card was declined
    no signatures found matching
    \bsmtp\b
    invalid login: 5\d\d
    \b5[35]\d[ -]5\.\d
    \beauth\b
    you can only send testing emails
    \b(?:throttling|toomanyrequests)exception\b
    \bwrongpass\b
    maxretriesperrequest
    against a read only replica
    err wrong number of arguments for
    # media tools
    \bff(?:mpeg|probe)\b
    moov atom not found
    invalid data found when processing input
    input (?:buffer|file) (?:contains unsupported|is missing)
    \bvips\w{0,10}:
    # sign-in
    \bauth(?:api|retryablefetch|sessionmissing|weakpassword|unknown|invalid\w{5,20})?error\b
    auth session missing
    invalid refresh token
    refresh_token_not_found
    user from sub claim
    missing sub claim
    \bover_\w{3,30}_limit\b
    error_code['"]:\s?['"][a-z]
    \binvalid_grant\b
    invalid login credentials
    email not confirmed
    \bnot authenticated\b
    please (?:log|sign) in\b
    session (?:has |is )?expired
    jwt_session_error
    \bsession_not_found\b
    # functions that the app calls
    functions(?:http|relay|fetch)error
    edge function returned a non-2xx
    # webhooks and downloads
    webhook (?:\w{1,12} ){0,3}(?:fail|error|return|respond|signature|verif)
    <failed to> (?:\w{3,9} )?(?:the |a )?webhook
    <failed to> download\w{0,4}\b(?! (?:the |your |input )?asset)
    <failed to> (?:load|read|get|open|retriev|access)\w{0,3} (?:\w{1,12} ){0,3}(?:image|picture|photo)\b
    \b(?:image|picture|photo|file) (?:fetch|load|download)\w{0,3} (?:failed|error)
    \bdownload (?:\w{1,12} ){0,4}(?:failed|error|aborted|timed out|returned)
    <failed to> fetch\w{0,3} (?:\w{1,12} ){0,3}(?:video|image|picture|file|thumbnail|poster|clip)\b
    \.cloudfront\.net\b
    """
)

# The app says that Runway failed: stronger than the name of another in the same text.
SAYS_RUNWAY = rows(
    r"""
    runway(?:ml)?(?:'s)?(?: (?:api|request|server|response|client|create|task)){0,2} (?:error|failed|said)
    runway(?:ml)?(?: \w{3,8}){0,2} (?:return|respond|answer)ed (?:with |an? ){0,2}(?:http|error|status|\d)
    runway(?:ml)?(?:'s)?(?: (?:api|server)){0,2} (?:rejected|refused)
    """
)
NAMES_RUNWAY = rows(
    r"""
    runway
    \bgen-?[34]\b
    \bgen4_turbo
    (?:image|text|video)_?to_?video
    /v1/tasks\b
    """
)
NAMES_STORAGE = rows(
    r"""
    \bstorage\b
    \bs3\b
    \br2\b
    \bbucket\b
    \bblob store\b
    \bgcs\b
    """
)
NAMES_DATABASE = rows(
    r"""
    supabase
    postgres\w{0,3}\b
    \bprisma\b
    \bdrizzle\b
    \bdatabase\b
    \b(?:database|direct)_url\b
    \bjwt\b
    \bdb\b
    pgbouncer
    supavisor
    neon\.tech
    planetscale
    \bmysql\b
    mongodb
    mongoose
    dynamodb
    \bconvex
    \bfauna(?:db)?\b
    surrealdb
    cockroach
    \bturso\b
    clickhouse
    cassandra
    \bmariadb\b
    \bmssql\b
    typeorm
    \bknex\b
    \bkysely\b
    hasura
    pocketbase
    \bsqlite\b
    :(?:5432|5433|6543|54321|54322|54329|3306|27017)\b
    """
)
NAMES_SERVICE = rows(
    r"""
    openai
    anthropic
    \bclaude\b
    \bgemini\b
    googleapis
    \breplicate\b
    \bfal\.(?:ai|run)\b
    elevenlabs
    stability\.ai
    hugging ?face
    deepgram
    assemblyai
    \bmistral\b
    \bgroq\b
    openrouter
    langchain
    \bcohere\b
    \bluma\b
    \bkling\b
    midjourney
    \bstripe(?:_|\b)
    paypal
    lemon ?squeezy
    \bresend(?:\.com|:| api| error)
    sendgrid
    mailgun
    postmark
    nodemailer
    \be-?mail\b
    twilio
    \bslack\b
    \bdiscord\b
    telegram
    upstash
    \bredis\b
    vercel kv
    edge config
    :6379\b
    \binngest\b
    trigger\.dev
    qstash
    \bkafka\b
    rabbitmq
    puppeteer
    chromium
    \bclerk\b
    \bauth0\b
    firebase
    firestore
    \bsentry\b
    datadog
    mixpanel
    amplitude
    posthog
    algolia
    pinecone
    weaviate
    \bqdrant\b
    turnstile
    cloudflare (?:kv|images|stream|workers?)\b
    push notification
    \b(?:fcm|apns|onesignal)\b
    \b(?:sqs|sns|ses|pubsub)\b
    \bpusher\b
    \bably\b
    hubspot
    mailchimp
    \bbrevo\b
    heygen
    \bdeepseek\b
    perplexity
    \bmux\b
    shopify
    \bwebhook\b
    captcha
    \bgithub\b
    \boauth\b
    # what is done with the video afterwards
    \bthumbnail\b
    \bposter\b
    watermark
    transcod
    subtitle
    \b(?!\w{0,20}runway)[a-z]\w{1,30}_(?:api_?key|api_?secret|secret_?key|access_?key|token)\b
    """
)

# That something failed at all: a name alone says nothing.
FAILURE = rows(
    r"""
    fail
    error
    exception
    fatal
    invalid
    incorrect
    wrong
    (?:un|not |in)(?:able|available|reachable|authori[sz]|expected|sufficient|supported|allowed|set|found)
    (?:can|could) ?(?:not|n't)
    can't
    refus
    denied
    reject
    forbidden
    missing
    required
    expired
    time[d -]{0,2}out
    exceed
    limit
    quota
    too (?:many|large|low)
    did not
    not verified
    not enough
    must be set
    without
    \blost\b
    enotfound
    does not exist
    no such
    bad gateway
    disconnect
    reset
    closed
    abort
    crash
    exited
    terminated
    \bdown\b
    econn
    eai_
    """
)

# Whose code threw.
FRAMES_RUNWAY = rows(
    r"""
    @runwayml/sdk
    site-packages/runwayml/
    """
)
FRAMES_STORAGE = rows(
    r"""
    @supabase/storage-js
    @aws-sdk/
    @vercel/blob
    site-packages/(?:boto3|botocore|storage3)/
    """
)
FRAMES_DATABASE = rows(
    r"""
    @supabase/
    @prisma/
    node_modules/(?:pg|pg-pool|postgres|drizzle-orm|@neondatabase)/
    site-packages/(?:supabase|postgrest|asyncpg|psycopg2?|sqlalchemy)/
    """
)
FRAMES_SERVICE = rows(
    r"""
    node_modules/(?:openai|stripe|resend|nodemailer|ioredis)/
    site-packages/(?:openai|stripe)/
    """
)
