using System.Threading.Channels;
using Google.Protobuf;
using XCron.Daemon.Commands;
using XCron.Daemon.State;
using XCron.Proto.Tasks;
using XCron.Raft;

namespace XCron.Daemon.Firing;

/// <summary>
/// Records what came of attempts: while one command is on its way through the log, the next results gather. A result is
/// proposed again until it is recorded, or this node's state shows that its attempt is over. When too many wait, those
/// who bring more wait too, and with them the attempts.
/// </summary>
internal sealed class ResultBatcher(
    ITaskReader tasks,
    ICommandGateway gateway,
    OwnerSession self,
    FiringOptions options,
    AttemptInbox attempts,
    TimeProvider time,
    Backoff backoff,
    IFiringMetrics metrics,
    ILogger logger)
{
    private readonly Channel<FinishAttempt> _results = Channel.CreateBounded<FinishAttempt>(
        new BoundedChannelOptions(options.MaxResultsWaiting) { SingleReader = true });

    // Taken from the channel and not yet recorded, oldest first. Invariant: at most MaxResultsPerCommand.
    private readonly List<FinishAttempt> _taken = [];

    // Recorded, but this node has not applied that yet. Known until then, so that no look at an
    // old state sends them again.
    private readonly List<FinishAttempt> _recorded = [];
    private int _mostBytes = options.MaxCommandBytes;
    private int _takenCount;

    public int Waiting => _results.Reader.Count + Volatile.Read(ref _takenCount);

    /// <summary>Takes a result in; waits while there are too many.</summary>
    public ValueTask AddAsync(FinishAttempt result, CancellationToken cancellationToken) =>
        _results.Writer.TryWrite(result)
            ? ValueTask.CompletedTask
            : _results.Writer.WriteAsync(result, cancellationToken);

    /// <summary>No more will come: <see cref="RunAsync"/> ends when all are recorded.</summary>
    public void Complete() => _results.Writer.TryComplete();

    public async Task RunAsync(CancellationToken aborting)
    {
        while (_taken.Count > 0 || await _results.Reader.WaitToReadAsync(aborting))
        {
            var wait = await RunOnceAsync(aborting);
            if (wait > TimeSpan.Zero)
                await Task.Delay(wait, time, aborting);
        }
    }

    /// <summary>One command for what is waiting; returns how long to wait before the next try.</summary>
    public async Task<TimeSpan> RunOnceAsync(CancellationToken cancellationToken)
    {
        _recorded.RemoveAll(ForgetIfOver);
        while (_taken.Count < options.MaxResultsPerCommand && _results.Reader.TryRead(out var result))
            _taken.Add(result);
        Volatile.Write(ref _takenCount, _taken.Count);
        if (_taken.Count == 0)
            return TimeSpan.Zero;

        var command = Next(out var bytes);
        var outcome = await gateway.SubmitAsync(
            new TaskCommand { Finish = command }.ToByteArray(), cancellationToken);
        metrics.ResultsProposed(command.Attempts.Count, outcome is ProposeOutcome.Applied);
        if (outcome is ProposeOutcome.Applied)
        {
            backoff.Reset();
            foreach (var result in command.Attempts)
            {
                if (ForgetIfOver(result))
                    continue;
                attempts.Recorded(result.TaskId, result.RunSequence, result.Attempt);
                _recorded.Add(result);
            }

            _taken.RemoveRange(0, command.Attempts.Count);
            Volatile.Write(ref _takenCount, _taken.Count);
            return TimeSpan.Zero;
        }

        if (outcome is ProposeOutcome.Rejected { Reason: RejectReason.TooLarge })
            _mostBytes = Math.Max(1, bytes / 2);
        _taken.RemoveAll(ForgetIfOver);
        var wait = backoff.Next();
        logger.ResultsNotRecorded(command.Attempts.Count, OutcomeText.Of(outcome), wait.TotalMilliseconds);
        return wait;
    }

    /// <summary>The oldest results that fit into one command, one at least.</summary>
    private FinishAttempts Next(out int bytes)
    {
        const int Overhead = 8;
        var command = new FinishAttempts { Session = SessionMessage.Of(self) };
        bytes = 0;
        foreach (var result in _taken)
        {
            bytes += result.CalculateSize() + Overhead;
            if (command.Attempts.Count > 0 && bytes > _mostBytes)
                break;
            command.Attempts.Add(result);
        }

        return command;
    }

    private bool ForgetIfOver(FinishAttempt result)
    {
        if (tasks.Find(new TaskId(result.TaskId))?.Runs?.Find(result.RunSequence) is { } run
            && run.Attempt == result.Attempt && run.ClaimedBy == self)
            return false;
        attempts.Forget(result.TaskId, result.RunSequence, result.Attempt);
        return true;
    }
}
