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

    /// <summary>Follows what is expected of a callback's body.</summary>
    public static readonly string NotTooDeep = $", nested at most {StrictJson.MaxObjectDepth} deep, itself counted";

    private const string ExpectedTime = "a string of unix seconds such as \"1581823751\" or \"1581823751.042\"";

    public static readonly FieldTable Task = new(
        "",
        [
            new("type", FieldType.Integer, "1 (periodic) or 2 (one-shot)") { IsRequired = true },
            new(
                "format",
                FieldType.Text,
                "a string: for type 1 a crontab expression, for type 2 a unix timestamp or a delay")
            {
                IsRequired = true,
            },
            new("callback", FieldType.Object, "an object with at least url")
            {
                IsRequired = true,
                Doc = "The HTTP call that a run makes.",
                Fields = static () => InCallback!,
            },
            new("name", FieldType.Text, "1 to 128 characters of A-Za-z0-9._:/-")
            {
                Doc = "Unique; the same create under the same name is answered with the first one's id.",
            },
            new("timezone", FieldType.Text, "a string, an IANA time zone such as \"Europe/Berlin\"")
            {
                Doc = "Of type 1; by default the node's default_timezone, stored with the task.",
            },
            new("retry", FieldType.Object, "an object of max_attempts, min_backoff and max_backoff")
            {
                Doc = "Doubling waits between failed attempts of a run.",
                Fields = static () => InRetry!,
            },
            new("misfire", FieldType.Text, "\"fire_once\", \"skip\" or \"fire_all\"")
            {
                Doc = "Of type 1: what happens to due times that nobody could serve; by default fire_once.",
            },
            new("tags", FieldType.Object, "an object of at most 16 strings") { Doc = "For listing." },
            new("deadline", FieldType.Number, "a number of seconds, 0.1 to 31536000 (a year)")
            {
                Doc = "A run that could not start so long after its time is skipped; by default none is.",
            },
            new("overlap", FieldType.Text, "\"queue\", \"skip\" or \"allow\"")
            {
                Doc = "Of type 1: what happens to a due time while the last run is going on; by default queue.",
            },
            new("jitter", FieldType.Number, "a number of seconds, 0 to 3600")
            {
                Doc = "Each run is moved later by a share of this, fixed for the task and time; by default 0.",
            },
            new("start_at", FieldType.Text, ExpectedTime) { Doc = "Of type 1: no run is before." },
            new("end_at", FieldType.Text, ExpectedTime) { Doc = "Of type 1: no run is after." },
            new("max_runs", FieldType.Integer, "an integer, 1 to 1000000000")
            {
                Doc = "Of type 1: after so many runs the task is completed.",
            },
            new("paused", FieldType.Boolean, "true or false") { Doc = "Created paused; by default false." },
        ]);

    public static readonly FieldTable InCallback = new(
        "callback.",
        [
            new("url", FieldType.Text, "an absolute http or https URL") { IsRequired = true },
            new("body", FieldType.Object, "a JSON object" + NotTooDeep)
            {
                Doc = "Sent byte for byte; by default {}.",
            },
            new("method", FieldType.Text, "\"POST\", \"PUT\", \"PATCH\", \"DELETE\" or \"GET\"")
            {
                Doc = "By default POST; GET has no body.",
            },
            new("headers", FieldType.Object, "an object of at most 64 strings") { Doc = "Added to the call." },
            new("timeout", FieldType.Number, "a number of seconds, 0.1 to 1800")
            {
                Doc = "What one attempt may take, connecting included; by default 30.",
            },
        ]);

    public static readonly FieldTable InRetry = new(
        "retry.",
        [
            new("max_attempts", FieldType.Integer, "an integer, 1 to 100") { Doc = "By default 5." },
            new("min_backoff", FieldType.Number, "a number of seconds, 0.1 to 86400") { Doc = "By default 1." },
            new(
                "max_backoff",
                FieldType.Number,
                "a number of seconds, 0.1 to 86400 and not less than min_backoff")
            {
                Doc = "By default 300.",
            },
        ]);

    /// <summary>The fields of an update: the same under the same numbers, and the task's id.</summary>
    public static readonly FieldTable Update = new(
        "",
        [
            .. Task.Fields.Select(static (field, number) => OfUpdate(field, CannotBeReset(number))),
            new("task_id", FieldType.Text, TaskKey.ExpectedId)
            {
                Doc = "Which task; or name, which then is not changed.",
            },
        ]);

    private static readonly FieldTable UpdateCallback = new(
        InCallback.Prefix, [.. InCallback.Fields.Select(static (field, number) => OfUpdate(field, number == Url))]);

    private static readonly FieldTable UpdateRetry = new(
        InRetry.Prefix, [.. InRetry.Fields.Select(static field => OfUpdate(field, false))]);

    private static bool CannotBeReset(int number) => number is Type or Format or Callback or Paused;

    /// <summary>What is not given stays as it is, and null sets it back to its default.</summary>
    private static Field OfUpdate(Field field, bool cannotBeReset) => field with
    {
        IsRequired = false,
        IsNullable = !cannotBeReset,
        IsRefused = field.Name == "paused",
        Fields = field.Name switch
        {
            "callback" => static () => UpdateCallback!,
            "retry" => static () => UpdateRetry!,
            _ => null,
        },
    };
}
