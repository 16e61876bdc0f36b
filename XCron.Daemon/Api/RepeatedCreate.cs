using System.Text;
using XCron.Daemon.Commands;
using XCron.Daemon.State;

namespace XCron.Daemon.Api;

/// <summary>
/// Answers creates that come again under their names after their time: a client that never heard the answer to the
/// first one repeats it, and must not be told that its task is too late when it is there.
/// </summary>
internal sealed class RepeatedCreate(ApiServices services, TaskIntake intake)
{
    /// <summary>For each the task that was made of the same request before, or why there is none.</summary>
    public async ValueTask<CreateOutcome[]> FindAsync(
        IReadOnlyList<LateCreate> late, CancellationToken cancellationToken)
    {
        var names = late.Select(static create => NameIn(create.Json.Span)).ToArray();

        // The first one may have been acknowledged by another node, and this one may not have it yet.
        var hasBarrier = Array.TrueForAll(names, static name => name is null)
            || await services.Gateway.ReadBarrierAsync(cancellationToken);
        return [.. late.Zip(names, (create, name) => Find(create, name, hasBarrier))];
    }

    /// <summary>
    /// Replaces the outcomes that are <see cref="CreateOutcome.IsNameTaken"/> where the task that has the name is the
    /// same but for how it writes its headers.
    /// </summary>
    /// <param name="command">The command as it was proposed.</param>
    /// <param name="outcomes">One for each of its tasks, in order.</param>
    /// <param name="cancellationToken">Abandons the wait.</param>
    public async ValueTask RecognizeAsync(
        ReadOnlyMemory<byte> command, CreateOutcome[] outcomes, CancellationToken cancellationToken)
    {
        if (!Array.Exists(outcomes, static outcome => outcome.IsNameTaken))
            return;

        // The command was applied where the leader is, and this node may not have come as far.
        var hasBarrier = await services.Gateway.ReadBarrierAsync(cancellationToken);
        Recognize(command.Span, outcomes, hasBarrier);
    }

    private void Recognize(ReadOnlySpan<byte> command, CreateOutcome[] outcomes, bool hasBarrier)
    {
        var place = 0;
        foreach (var entry in new CreateCommand(command))
        {
            var outcome = outcomes[place];
            if (outcome.IsNameTaken && !hasBarrier)
                outcomes[place] = new CreateOutcome(default, false, WriteOutcome.OfBarrier);
            else if (outcome.IsNameTaken && services.Tasks.Find(outcome.Task) is { } holder
                && SameDefinition.Is(entry.Definition, holder.Definition))
                outcomes[place] = new CreateOutcome(holder.Id, true, null);
            place++;
        }
    }

    private static string? NameIn(ReadOnlySpan<byte> task)
    {
        var fields = new TaskFields();
        return Read(task, ref fields) && fields.HasTask(CreateFields.Name)
            ? Encoding.UTF8.GetString(fields.Name)
            : null;
    }

    private CreateOutcome Find(LateCreate create, string? name, bool hasBarrier)
    {
        if (name is null)
            return new CreateOutcome(default, false, create.Refusal);
        if (!hasBarrier)
            return new CreateOutcome(default, false, WriteOutcome.OfBarrier);
        return services.Tasks.FindByName(name) is { } record && IsSame(create.Json.Span, record)
            ? new CreateOutcome(record.Id, true, null)
            : new CreateOutcome(default, false, create.Refusal);
    }

    /// <summary>Whether this request, had it come when the task was made, had made this task.</summary>
    private bool IsSame(ReadOnlySpan<byte> task, TaskRecord record)
    {
        var fields = new TaskFields();
        return Read(task, ref fields) && intake.Complete(ref fields, record.CreateTimeMs) is null
            && SameDefinition.Is(CreateCommandEncoder.EncodeDefinition(in fields), record.Definition);
    }

    private static bool Read(ReadOnlySpan<byte> task, ref TaskFields fields)
    {
        var json = new StrictJson(task);
        return json.OpenDocument() && TaskFieldsReader.Read(ref json, ref fields) && json.CloseDocument();
    }
}
