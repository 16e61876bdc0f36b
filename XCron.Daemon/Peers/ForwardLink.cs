using Google.Protobuf;
using XCron.Proto.Cluster;
using XCron.Raft;

namespace XCron.Daemon.Peers;

/// <summary>
/// Carries commands to one leader over one stream: all that waits goes in one message, many are in flight, answers come
/// in any order. A command is in doubt only from the moment its message is handed to the stream. Thread-safe.
/// </summary>
internal sealed class ForwardLink
{
    private const int MaxBatchCommands = 1024;
    private const int MaxBatchBytes = 1024 * 1024;

    private readonly IPeerDialer _dialer;
    private readonly PeerOptions _options;
    private readonly TimeProvider _timeProvider;
    private readonly Backoff _backoff;
    private readonly PeersTrace _trace;
    private readonly Pulse _changed = new();
    private readonly Pulse _retirement = new();

    private readonly Lock _gate = new();
    private readonly LinkedList<PendingForward> _waiting = new();

    // Invariant: a pending command is in _waiting, or in _sent, or completed; never in two of them.
    private readonly Dictionary<long, PendingForward> _sent = [];
    private long _lastId;

    // Written under the gate; read without it by the links, to whom a retired link is only a detour.
    private volatile bool _retired;

    public ForwardLink(
        NodeId leader,
        string address,
        IPeerDialer dialer,
        PeerOptions options,
        TimeProvider timeProvider,
        Random random,
        PeersTrace trace)
    {
        Leader = leader;
        Address = address;
        _dialer = dialer;
        _options = options;
        _timeProvider = timeProvider;
        _backoff = new Backoff(options.LeastBackoff, options.MostBackoff, random);
        _trace = trace;
    }

    public NodeId Leader { get; }

    public string Address { get; }

    public bool IsRetired => _retired;

    private ProposeOutcome.Rejected NeverSent => new(RejectReason.NotLeader, Leader);

    /// <summary>
    /// Rejected as NotLeader where the command never left: the link was retired, or the token was cancelled first.
    /// Unknown where it left and no answer came before the token was cancelled or the stream broke.
    /// </summary>
    public async Task<ProposeOutcome> SendAsync(ReadOnlyMemory<byte> command, CancellationToken cancellationToken)
    {
        PendingForward pending;
        lock (_gate)
        {
            if (_retired)
                return NeverSent;

            pending = new PendingForward(this, ++_lastId, command);
            _waiting.AddLast(pending.Place);
        }

        _changed.Set();
        using var ending = cancellationToken.UnsafeRegister(
            static state => ((PendingForward)state!).Link.Abandon((PendingForward)state), pending);
        return await pending.Task;
    }

    /// <summary>
    /// The leader is another: nothing more is sent here, and the link ends once what was sent is answered or abandoned.
    /// </summary>
    public void Retire()
    {
        lock (_gate)
        {
            _retired = true;
            foreach (var pending in _waiting)
                pending.TrySetResult(NeverSent);
            _waiting.Clear();
        }

        _retirement.Set();
        _changed.Set();
    }

    /// <summary>Keeps the stream open until the link is retired and empty, or the token is cancelled.</summary>
    public async Task RunAsync(CancellationToken stopping)
    {
        try
        {
            while (!stopping.IsCancellationRequested && !IsOver())
            {
                await RunStreamAsync(stopping);
                var retirement = _retirement.Next;
                if (!IsOver())
                    await Pulse.WaitAsync(retirement, _backoff.Next(), _timeProvider, stopping);
            }
        }
        finally
        {
            Retire();
        }
    }

    private async Task RunStreamAsync(CancellationToken stopping)
    {
        var opened = false;
        try
        {
            using var stream = _dialer.OpenForward(Address);
            await OpenAsync(stream, stopping);
            opened = true;
            _backoff.Reset();
            _trace.ForwardOpened(Leader, Address);
            await CarryAsync(stream, stopping);
        }
        catch (PeerCallException failure) when (failure.Refused)
        {
            _trace.SecretRefused(Address, failure.Message);
        }
        catch (PeerCallException failure) when (opened)
        {
            _trace.ForwardBroken(Leader, Address, failure.Message);
        }
        catch (PeerCallException failure)
        {
            _trace.ForwardUnreachable(Leader, Address, failure.Message);
        }
        catch (OperationCanceledException) when (!stopping.IsCancellationRequested)
        {
            _trace.ForwardUnreachable(Leader, Address, "no answer in time");
        }
        catch (OperationCanceledException)
        {
            // Stopping: whoever waits is told below and by retiring.
        }
        finally
        {
            LeaveSentInDoubt();
        }
    }

    private async Task OpenAsync(IPeerStream<ForwardRequest, ForwardReply> stream, CancellationToken stopping)
    {
        using var late = new CancellationTokenSource(_options.ConnectTimeout, _timeProvider);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(late.Token, stopping);
        await stream.WriteAsync(new ForwardRequest { SharedSecret = _options.SharedSecret }, either.Token);
        if (await stream.ReadAsync(either.Token) is null)
            throw new PeerCallException($"{Address}: the stream ended before it began.", refused: false);
    }

    private async Task CarryAsync(IPeerStream<ForwardRequest, ForwardReply> stream, CancellationToken stopping)
    {
        using var session = CancellationTokenSource.CreateLinkedTokenSource(stopping);
        var writing = WriteAsync(stream, session.Token);
        var reading = ReadAsync(stream, session.Token);
        var first = await Task.WhenAny(writing, reading);
        await session.CancelAsync();
        await Task.WhenAll(writing, reading).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        await first;
    }

    private async Task WriteAsync(
        IPeerStream<ForwardRequest, ForwardReply> stream, CancellationToken cancellationToken)
    {
        while (true)
        {
            var changed = _changed.Next;
            if (TakeBatch() is { } batch)
                await stream.WriteAsync(batch, cancellationToken);
            else if (IsOver())
                return;
            else
                await changed.WaitAsync(cancellationToken);
        }
    }

    private async Task ReadAsync(IPeerStream<ForwardRequest, ForwardReply> stream, CancellationToken cancellationToken)
    {
        while (await stream.ReadAsync(cancellationToken) is { } reply)
        {
            foreach (var outcome in reply.Outcomes)
                Complete(outcome);
            if (IsOver())
                _changed.Set();
        }

        throw new PeerCallException($"{Address}: the leader ended the stream.", refused: false);
    }

    private void Complete(ForwardedOutcome outcome)
    {
        PendingForward? pending;
        lock (_gate)
        {
            // Not found: abandoned meanwhile.
            if (!_sent.Remove(outcome.Id, out pending))
                return;
        }

        pending.TrySetResult(ForwardedOutcomes.FromWire(outcome, Leader));
    }

    private ForwardRequest? TakeBatch()
    {
        lock (_gate)
        {
            if (_waiting.Count == 0)
                return null;

            var batch = new ForwardRequest();
            var bytes = 0;
            while (_waiting.First?.Value is { } pending && batch.Commands.Count < MaxBatchCommands)
            {
                bytes += pending.Command.Length;
                if (bytes > MaxBatchBytes && batch.Commands.Count > 0)
                    break;

                _waiting.RemoveFirst();
                _sent.Add(pending.Id, pending);
                batch.Commands.Add(new ForwardedCommand
                {
                    Id = pending.Id,
                    Command = UnsafeByteOperations.UnsafeWrap(pending.Command),
                });
            }

            return batch;
        }
    }

    private void Abandon(PendingForward pending)
    {
        var wasSent = false;
        lock (_gate)
        {
            if (pending.Place.List is not null)
                _waiting.Remove(pending.Place);
            else
                wasSent = _sent.Remove(pending.Id);
        }

        pending.TrySetResult(wasSent ? ForwardedOutcomes.Unknown : NeverSent);
        if (IsOver())
            _changed.Set();
    }

    private void LeaveSentInDoubt()
    {
        lock (_gate)
        {
            foreach (var pending in _sent.Values)
                pending.TrySetResult(ForwardedOutcomes.Unknown);
            _sent.Clear();
        }
    }

    private bool IsOver()
    {
        lock (_gate)
            return _retired && _sent.Count == 0;
    }
}
