namespace XCron.Daemon.Api;

/// <summary>The fields of a task to be created, as the contract has them.</summary>
internal static class CreateFields
{
    public const int Type = 0;
    public const int Format = 1;
    public const int Callback = 2;
    public const int Name = 3;
    public const int Timezone = 4;
    public const int Retry = 5;
    public const int Misfire = 6;
    public const int Tags = 7;

    public const int Url = 0;
    public const int Body = 1;
    public const int Method = 2;
    public const int Headers = 3;
    public const int Timeout = 4;

    public const int MaxAttempts = 0;
    public const int MinBackoff = 1;
    public const int MaxBackoff = 2;

    public static readonly FieldTable Task = new(
        "",
        [
            ("type", "1 (periodic) or 2 (one-shot)"),
            ("format", "a string: for type 1 a crontab expression, for type 2 a unix timestamp or a delay"),
            ("callback", "an object with at least url"),
            ("name", "1 to 128 characters of A-Za-z0-9._:/-"),
            ("timezone", "a string, an IANA time zone such as \"Europe/Berlin\""),
            ("retry", "an object of max_attempts, min_backoff and max_backoff"),
            ("misfire", "\"fire_once\", \"skip\" or \"fire_all\""),
            ("tags", "an object of at most 16 strings"),
        ],
        notYet: ["deadline", "overlap", "jitter", "start_at", "end_at", "max_runs", "paused"]);

    public static readonly FieldTable InCallback = new(
        "callback.",
        [
            ("url", "an absolute http or https URL"),
            ("body", "a JSON object"),
            ("method", "\"POST\", \"PUT\", \"PATCH\", \"DELETE\" or \"GET\""),
            ("headers", "an object of at most 64 strings"),
            ("timeout", "a number of seconds, 0.1 to 1800"),
        ]);

    public static readonly FieldTable InRetry = new(
        "retry.",
        [
            ("max_attempts", "an integer, 1 to 100"),
            ("min_backoff", "a number of seconds, 0.1 to 86400"),
            ("max_backoff", "a number of seconds, 0.1 to 86400 and not less than min_backoff"),
        ]);
}
