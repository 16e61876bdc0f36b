using XCron.Daemon.Commands;
using XCron.Raft;

namespace XCron.Daemon.Api;

/// <summary>
/// Proposes again, under new ids, what was refused because another session had chosen the same ones. Rare, but two
/// sessions in 16,384 may draw the same part of their ids.
/// </summary>
internal sealed class IdCollisions(ApiServices services)
{
    private const int MaxTries = 8;

    /// <summary>Replaces the outcomes that are <see cref="CreateOutcome.IsIdTaken"/>.</summary>
    /// <param name="command">The command as it was proposed.</param>
    /// <param name="outcomes">One for each of its tasks, in order.</param>
    /// <param name="cancellationToken">Abandons the wait, not the commands.</param>
    public async ValueTask ResolveAsync(
        ReadOnlyMemory<byte> command, CreateOutcome[] outcomes, CancellationToken cancellationToken)
    {
        for (var attempt = 0; attempt < MaxTries; attempt++)
        {
            var places = new List<int>();
            if (EncodeAgain(command.Span, outcomes, places) is not { } again)
                return;
            var outcome = await services.Gateway.SubmitAsync(again, cancellationToken);
            if (outcome is not ProposeOutcome.Applied applied)
            {
                foreach (var place in places)
                    outcomes[place] = new CreateOutcome(default, false, WriteOutcome.Of(outcome));
                return;
            }

            var answers = CreateAnswers.Decode(applied.Result.Data.Span);
            for (var position = 0; position < places.Count; position++)
                outcomes[places[position]] = CreateOutcome.Of(answers[position]);
        }
    }

    /// <summary>A command of only those tasks whose ids were taken, or null where there are none.</summary>
    private byte[]? EncodeAgain(ReadOnlySpan<byte> command, CreateOutcome[] outcomes, List<int> places)
    {
        var tasks = new List<NewTask>();
        var place = 0;
        foreach (var entry in new CreateCommand(command))
        {
            if (outcomes[place].IsIdTaken)
            {
                var id = services.NextTaskId();
                tasks.Add(new NewTask(id, entry.CreateTimeMs, entry.FirstDueMs, entry.Definition.ToArray())
                {
                    FirstDelayMs = entry.FirstDelayMs,
                });
                places.Add(place);
            }

            place++;
        }

        return tasks.Count == 0 ? null : TaskCommands.EncodeCreate(services.Proposer, tasks.ToArray());
    }
}
