using Grpc.Core;
using XCron.Proto.Cluster;

namespace XCron.Daemon.Peers;

/// <summary>
/// The leader's end of one stream of forwarded commands: each is proposed as it is read, none waits for another, and
/// whatever is decided goes back in one message. Reading pauses while too much is undecided.
/// </summary>
internal sealed class ForwardSession(IRaftAccess raft, PeerOptions options, RequestDeadlines deadlines)
{
    private const int MaxReplyBytes = 1024 * 1024;
    private const int MaxReplyOutcomes = 4096;

    // Holds a command until its outcome is taken for a reply, so that neither undecided nor unread ones pile up.
    private readonly CommandBudget _budget = new(options.MaxWaitingCommands, options.MaxWaitingBytes);
    private readonly Pulse _changed = new();
    private readonly Lock _gate = new();
    private readonly Queue<Decided> _decided = new();
    private Exception? _defect;
    private bool _readingEnded;

    /// <summary>Returns when the caller has ended its side, or at stopping; everything read is then decided.</summary>
    public async Task RunAsync(
        IAsyncStreamReader<ForwardRequest> requests,
        IServerStreamWriter<ForwardReply> replies,
        CancellationToken stopping,
        CancellationToken aborted)
    {
        using var ending = CancellationTokenSource.CreateLinkedTokenSource(stopping, aborted);
        var reading = ReadAsync(requests, ending.Token);
        try
        {
            await WriteAsync(replies, aborted);
        }
        finally
        {
            await ending.CancelAsync();
            await reading;
        }
    }

    private async Task ReadAsync(IAsyncStreamReader<ForwardRequest> requests, CancellationToken ending)
    {
        try
        {
            while (await requests.MoveNext(ending))
            {
                foreach (var command in requests.Current.Commands)
                {
                    await TakeRoomAsync(command.Command.Length, ending);
                    _ = ProposeAsync(command.Id, command.Command.Memory);
                }
            }
        }
        catch (Exception broken) when (broken is IOException || ending.IsCancellationRequested)
        {
            // Stopping, or the caller is gone: what was read is still decided, for the log may have it.
        }
        finally
        {
            lock (_gate)
                _readingEnded = true;
            _changed.Set();
        }
    }

    private async Task TakeRoomAsync(int commandBytes, CancellationToken ending)
    {
        while (true)
        {
            var changed = _changed.Next;
            if (_budget.TryTake(commandBytes))
                return;

            await changed.WaitAsync(ending);
        }
    }

    /// <summary>
    /// Kept by the budget: the session does not end while it is not empty. Ends by the deadline, and never throws.
    /// </summary>
    private async Task ProposeAsync(long id, ReadOnlyMemory<byte> command)
    {
        var outcome = ForwardedOutcomes.Unknown;
        Exception? failure = null;
        try
        {
            outcome = await raft.ProposeAsync(command, deadlines.Next());
        }
        catch (OperationCanceledException)
        {
            // The wait was given up; the command may still be applied.
        }
        catch (Exception defect)
        {
            failure = defect;
        }

        lock (_gate)
        {
            _decided.Enqueue(new Decided(ForwardedOutcomes.ToWire(id, outcome), command.Length));
            _defect ??= failure;
        }

        _changed.Set();
    }

    private async Task WriteAsync(IServerStreamWriter<ForwardReply> replies, CancellationToken aborted)
    {
        var isListened = true;
        while (true)
        {
            var changed = _changed.Next;
            if (TakeReply() is { } reply)
            {
                isListened = isListened && await TryWriteAsync(replies, reply, aborted);
                continue;
            }

            lock (_gate)
            {
                if (_readingEnded && _budget.Commands == 0)
                    break;
            }

            await changed;
        }

        if (_defect is not null)
            throw new InvalidOperationException("A forwarded command could not be proposed.", _defect);
    }

    private static async Task<bool> TryWriteAsync(
        IServerStreamWriter<ForwardReply> replies, ForwardReply reply, CancellationToken aborted)
    {
        try
        {
            await replies.WriteAsync(reply, aborted);
            return true;
        }
        catch (Exception broken) when (broken is IOException || aborted.IsCancellationRequested)
        {
            // Nobody is left to hear it; the caller takes its commands for unknown.
            return false;
        }
    }

    private ForwardReply? TakeReply()
    {
        ForwardReply? reply = null;
        lock (_gate)
        {
            var bytes = 0;
            while (bytes < MaxReplyBytes && _decided.TryDequeue(out var decided))
            {
                reply ??= new ForwardReply();
                reply.Outcomes.Add(decided.Outcome);
                bytes += decided.Outcome.ResultData.Length;
                _budget.Return(decided.CommandBytes);
                if (reply.Outcomes.Count == MaxReplyOutcomes)
                    break;
            }
        }

        if (reply is not null)
            _changed.Set();
        return reply;
    }

    private readonly record struct Decided(ForwardedOutcome Outcome, int CommandBytes);
}
