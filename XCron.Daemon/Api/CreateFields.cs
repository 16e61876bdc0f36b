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
    public const int Deadline = 8;
    public const int Overlap = 9;
    public const int Jitter = 10;
    public const int StartAt = 11;
    public const int EndAt = 12;
    public const int MaxRuns = 13;
    public const int Paused = 14;

    /// <summary>Of an update only.</summary>
    public const int TaskId = 15;

    public const int Url = 0;
    public const int Body = 1;
    public const int Method = 2;
    public const int Headers = 3;
    public const int Timeout = 4;

    public const int MaxAttempts = 0;
    public const int MinBackoff = 1;
    public const int MaxBackoff = 2;

    private static readonly (string Name, string Expected)[] OfTask =
        [
            ("type", "1 (periodic) or 2 (one-shot)"),
            ("format", "a string: for type 1 a crontab expression, for type 2 a unix timestamp or a delay"),
            ("callback", "an object with at least url"),
            ("name", "1 to 128 characters of A-Za-z0-9._:/-"),
            ("timezone", "a string, an IANA time zone such as \"Europe/Berlin\""),
            ("retry", "an object of max_attempts, min_backoff and max_backoff"),
            ("misfire", "\"fire_once\", \"skip\" or \"fire_all\""),
            ("tags", "an object of at most 16 strings"),
            ("deadline", "a number of seconds, 0.1 to 31536000 (a year)"),
            ("overlap", "\"queue\", \"skip\" or \"allow\""),
            ("jitter", "a number of seconds, 0 to 3600"),
            ("start_at", "a string of unix seconds such as \"1581823751\" or \"1581823751.042\""),
            ("end_at", "a string of unix seconds such as \"1581823751\" or \"1581823751.042\""),
            ("max_runs", "an integer, 1 to 1000000000"),
            ("paused", "true or false"),
        ];

    public static readonly FieldTable Task = new("", OfTask);

    /// <summary>The same fields under the same numbers, and the task's id.</summary>
    public static readonly FieldTable Update = new("", [.. OfTask, ("task_id", TaskKey.ExpectedId)]);

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
