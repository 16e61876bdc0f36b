namespace XCron.Daemon.Api;

/// <summary>
/// The line of a task in an export: what createTask takes, under <c>task</c>, and beside it what createTask decides.
/// </summary>
internal static class TaskLine
{
    public const int TaskId = 0;
    public const int CreateTime = 1;
    public const int State = 2;
    public const int DueTime = 3;
    public const int QueuedTime = 4;
    public const int RunSequence = 5;
    public const int RunCount = 6;
    public const int FailCount = 7;
    public const int RunsByHand = 8;
    public const int OpenRuns = 9;
    public const int BodyText = 10;
    public const int Task = 11;

    public static readonly FieldTable Fields = new(
        "",
        [
            new("task_id", FieldType.Text, TaskKey.ExpectedId) { IsRequired = true },
            new("create_time", FieldType.Text, "unix seconds such as 1581823751.042") { Doc = "By default now." },
            new("state", FieldType.Text, $"one of {string.Join(", ", TaskAnswer.States)}")
            {
                Doc = "By default scheduled. A paused task stays so; one that is over is passed over.",
            },
            new("due_time", FieldType.Text, "unix seconds such as 1581823751.042")
            {
                Doc = "The next due time; by default the first from now, or none where queued_time or open_runs say " +
                    "what is left to do.",
            },
            new("queued_time", FieldType.Text, "unix seconds such as 1581823751.042")
            {
                Doc = "A due time that waits for the open run to end.",
            },
            new("run_sequence", FieldType.Integer, "an integer, not negative")
            {
                Doc = "The number of the newest run; run ids go on from it.",
            },
            new("run_count", FieldType.Integer, "an integer, not negative"),
            new("fail_count", FieldType.Integer, "an integer, not negative"),
            new("runs_by_hand", FieldType.Integer, "an integer, not negative and at most run_sequence")
            {
                Doc = "How many of run_sequence max_runs does not count: asked for one by one, or given up at their " +
                    "deadline before they began.",
            },
            new("open_runs", FieldType.Array, "an array of at most 16 runs that are not over")
            {
                Doc = "Each goes on under its own run id.",
                Fields = static () => TaskLineRuns.Fields,
            },
            new("body_text", FieldType.Text, "a string that holds a JSON object" + CreateFields.NotTooDeep)
            {
                Doc = "The callback's body where it has line breaks in it, kept byte for byte.",
            },
            new("task", FieldType.Object, "an object as createTask takes it")
            {
                IsRequired = true,
                Fields = static () => CreateFields.Task,
            },
        ]);

    public static string Name(int field) => Fields.Names[field];
}
