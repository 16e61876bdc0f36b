using XCron.Proto.Cluster;
using XCron.Raft;

namespace XCron.Daemon.Peers;

/// <summary>
/// Tells one other node, at every interval and at once when there is news, how this one is, and learns from the answers
/// how the other's clock stands. A stream whose answers stay out is opened anew.
/// </summary>
internal sealed class ReportLink
{
    private readonly Member _peer;
    private readonly IPeerDialer _dialer;
    private readonly SelfStatus _self;
    private readonly MemberDirectory _members;
    private readonly PeerOptions _options;
    private readonly TimeProvider _timeProvider;
    private readonly Backoff _backoff;
    private readonly PeersTrace _trace;
    private readonly ClockWatch _clock;
    private readonly Pulse _news = new();

    // When the reports that are not yet answered were sent. The writer adds, the reader takes.
    private readonly Lock _gate = new();
    private readonly Queue<long> _unanswered = new();

    public ReportLink(
        Member peer,
        IPeerDialer dialer,
        SelfStatus self,
        MemberDirectory members,
        PeerOptions options,
        TimeProvider timeProvider,
        Random random,
        PeersTrace trace)
    {
        _peer = peer;
        _dialer = dialer;
        _self = self;
        _members = members;
        _options = options;
        _timeProvider = timeProvider;
        _backoff = new Backoff(options.LeastBackoff, options.MostBackoff, random);
        _trace = trace;
        _clock = new ClockWatch(peer, trace);
    }

    /// <summary>Reports now, not only at the end of the interval.</summary>
    public void Hurry() => _news.Set();

    public async Task RunAsync(CancellationToken stopping)
    {
        while (!stopping.IsCancellationRequested)
        {
            await RunStreamAsync(stopping);
            await Pulse.WaitAsync(_news.Next, _backoff.Next(), _timeProvider, stopping);
        }
    }

    private async Task RunStreamAsync(CancellationToken stopping)
    {
        using var session = CancellationTokenSource.CreateLinkedTokenSource(stopping);
        lock (_gate)
            _unanswered.Clear();
        try
        {
            using var stream = _dialer.OpenReport(_peer.Address);
            var writing = WriteAsync(stream, session.Token);
            var reading = ReadAsync(stream, session.Token);
            var first = await Task.WhenAny(writing, reading);
            await session.CancelAsync();
            await Task.WhenAll(writing, reading).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            await first;
        }
        catch (PeerCallException failure) when (failure.Refused)
        {
            _trace.SecretRefused(_peer.Address, failure.Message);
        }
        catch (PeerCallException failure)
        {
            _trace.ReportBroken(_peer.Id, _peer.Address, failure.Message);
        }
        catch (OperationCanceledException)
        {
            // Stopping; or the call was cancelled beneath us, which the next stream makes good.
        }
    }

    private async Task WriteAsync(IPeerStream<NodeReport, ReportAck> stream, CancellationToken cancellationToken)
    {
        var secret = _options.SharedSecret;
        while (!cancellationToken.IsCancellationRequested)
        {
            var news = _news.Next;
            RequireAnswers();
            var report = _self.Report(_timeProvider.GetUtcNow());
            report.SharedSecret = secret;
            secret = "";
            await stream.WriteAsync(report, cancellationToken);
            await Pulse.WaitAsync(news, _options.ReportInterval, _timeProvider, cancellationToken);
        }
    }

    private async Task ReadAsync(IPeerStream<NodeReport, ReportAck> stream, CancellationToken cancellationToken)
    {
        while (await stream.ReadAsync(cancellationToken) is { } answer)
        {
            _backoff.Reset();
            long sent;
            lock (_gate)
            {
                if (!_unanswered.TryDequeue(out sent))
                    throw new PeerCallException($"{_peer.Address}: more answers than reports.", refused: false);
            }

            // The other clock was read about halfway between sending and now (Cristian's algorithm).
            var roundTrip = _timeProvider.GetElapsedTime(sent);
            var read = DateTimeOffset.FromUnixTimeMilliseconds(answer.WallClockMs);
            var offset = read - (_timeProvider.GetUtcNow() - (roundTrip / 2));
            _members.Measured(_peer.Id, offset, roundTrip);
            _clock.Measured(offset, roundTrip / 2);
        }

        throw new PeerCallException($"{_peer.Address}: the peer ended the stream.", refused: false);
    }

    /// <summary>Notes the sending of a report, unless the oldest has been without an answer for too long.</summary>
    private void RequireAnswers()
    {
        lock (_gate)
        {
            if (_unanswered.TryPeek(out var oldest) && _timeProvider.GetElapsedTime(oldest) > _options.OwnerTimeout)
                throw new PeerCallException($"{_peer.Address}: reports are not answered.", refused: false);

            _unanswered.Enqueue(_timeProvider.GetTimestamp());
        }
    }
}
