using System.Text.Json;
using XCron.Daemon.Commands;
using XCron.Daemon.State;
using XCron.Raft;

namespace XCron.Daemon.Api;

/// <summary>Answers the calls that change a task: which task it was and, where one was opened, which run.</summary>
internal static class ChangeAnswerWriter
{
    public static Task AnswerAsync(HttpContext context, Guid requestId, TaskKey key, ProposeOutcome outcome)
    {
        if (outcome is not ProposeOutcome.Applied applied)
            return Answer.ErrorAsync(context, requestId, WriteOutcome.Of(outcome)!);
        return applied.Result.Code == ResultCode.Ok
            ? AnswerAsync(context, requestId, ChangeAnswer.Decode(applied.Result.Data.Span))
            : Answer.ErrorAsync(context, requestId, ChangeRefusal.Of(applied.Result.Code, key));
    }

    public static Task AnswerAsync(HttpContext context, Guid requestId, ChangeAnswer changed) =>
        Answer.DataAsync(context, requestId, changed, Write);

    private static void Write(Utf8JsonWriter json, ChangeAnswer changed)
    {
        json.WriteStartObject();
        json.WriteString("task_id"u8, changed.Id.ToString());
        if (changed.RunSequence != 0)
            json.WriteString("run_id"u8, RunId.Format(changed.Id, changed.RunSequence));
        json.WriteEndObject();
    }
}
