using System.Runtime.ExceptionServices;
using System.Runtime.InteropServices;
using XCron.Daemon.State;

namespace XCron.Daemon.Firing;

/// <summary>
/// Gives granted attempts their places, target by target, and puts aside those that may not be sent now.
/// </summary>
internal sealed class AttemptDispatcher(
    ITaskReader tasks,
    OwnershipFence fence,
    AttemptInbox inbox,
    AttemptMaker maker,
    FiringOptions options,
    TimeProvider time,
    ILogger logger,
    Func<Func<Task>, Task> start) : IDisposable
{
    /// <summary>What was put aside is looked at this often, and whenever shards change hands.</summary>
    private static readonly TimeSpan LookInterval = TimeSpan.FromSeconds(1);

    private readonly Lock _gate = new();
    private readonly HostQueues _queues = new(options.MaxConcurrent, options.MaxPerHost);
    private readonly Task[] _runners = NoRunners(options.MaxConcurrent);
    private readonly Stack<int> _idle = new(Enumerable.Range(0, options.MaxConcurrent));
    private readonly CancellationTokenSource _cut = new();
    private List<AttemptTicket> _parked = [];
    private List<AttemptTicket> _spare = [];
    private bool _isStopping;
    private ExceptionDispatchInfo? _failure;

    // Written by the observer's and the timing loop's threads, read by the dispatcher's loop.
    private volatile bool _isLookDue;
    private long _lastLook = time.GetTimestamp();

    public int Waiting
    {
        get
        {
            lock (_gate)
                return _queues.Waiting + _parked.Count;
        }
    }

    public int InFlight
    {
        get
        {
            lock (_gate)
                return _queues.InFlight;
        }
    }

    public async Task RunAsync(CancellationToken stopping)
    {
        while (true)
        {
            await inbox.WaitAsync(stopping);
            Volatile.Read(ref _failure)?.Throw();
            RunOnce();
        }
    }

    /// <summary>Takes in what was granted and starts what has a place.</summary>
    public void RunOnce()
    {
        var tickets = inbox.Swap(_spare);
        foreach (ref readonly var ticket in CollectionsMarshal.AsSpan(tickets))
            Place(ticket);
        tickets.Clear();
        _spare = tickets;
        if (_isLookDue)
            LookAgain();
        StartRunners();
    }

    /// <summary>Shards changed hands: what was put aside may be sent, or be over.</summary>
    public void OwnersChanged()
    {
        _isLookDue = true;
        inbox.Nudge();
    }

    /// <summary>To be called at least once a second.</summary>
    public void Heartbeat()
    {
        if (time.GetElapsedTime(Volatile.Read(ref _lastLook)) < LookInterval)
            return;
        Volatile.Write(ref _lastLook, time.GetTimestamp());
        lock (_gate)
        {
            if (_parked.Count == 0)
                return;
        }

        OwnersChanged();
    }

    /// <summary>
    /// Starts no more attempts; those on their way may end within the grace and are then cut off, to be made again by
    /// their shards' next owner. Returns how many were cut off.
    /// </summary>
    public async Task<int> StopAsync(TimeSpan grace, CancellationToken deadline)
    {
        Task running;
        lock (_gate)
        {
            _isStopping = true;
            running = Task.WhenAll(_runners);
        }

        try
        {
            await running.WaitAsync(grace, time, deadline);
            return 0;
        }
        catch (Exception exception) when (exception is TimeoutException or OperationCanceledException)
        {
            var cutOff = InFlight;
            await _cut.CancelAsync();
            await running;
            return cutOff;
        }
    }

    public void Dispose() => _cut.Dispose();

    private void Place(in AttemptTicket ticket)
    {
        if (tasks.Find(ticket.Task) is not { } record)
        {
            inbox.Forget(ticket.Task.Value, ticket.RunSequence, ticket.Attempt);
            return;
        }

        var target = CallbackTarget.Of(UrlOf(record));
        lock (_gate)
            _queues.Add(target, ticket);
    }

    private void LookAgain()
    {
        _isLookDue = false;
        List<AttemptTicket> parked;
        lock (_gate)
            (parked, _parked) = (_parked, []);
        var nowMs = time.GetUtcNow().ToUnixTimeMilliseconds();
        foreach (ref readonly var ticket in CollectionsMarshal.AsSpan(parked))
        {
            switch (fence.Look(ticket, out var record))
            {
                case FenceVerdict.Clear when record!.Run!.NotBeforeMs <= nowMs:
                    Place(ticket);
                    break;
                case FenceVerdict.Gone:
                    inbox.Forget(ticket.Task.Value, ticket.RunSequence, ticket.Attempt);
                    break;
                default:
                    // Told once, when it was put aside.
                    lock (_gate)
                        _parked.Add(ticket);
                    break;
            }
        }
    }

    private void Park(in AttemptTicket ticket)
    {
        int parked;
        lock (_gate)
        {
            _parked.Add(ticket);
            parked = _parked.Count;
        }

        if (parked == 1)
            logger.AttemptsParked(parked);
    }

    private void StartRunners()
    {
        lock (_gate)
        {
            while (!_isStopping && _queues.TryTake(out var ticket, out var host))
            {
                var place = _idle.Pop();
                _runners[place] = start(() => RunnerAsync(place, ticket, host));
            }
        }
    }

    /// <summary>Makes attempt after attempt while there are any, so that a burst costs no new task each.</summary>
    private async Task RunnerAsync(int place, AttemptTicket ticket, HostQueue host)
    {
        for (var isGoing = true; isGoing;)
        {
            if (!await TryMakeAsync(ticket))
                Park(ticket);
            lock (_gate)
            {
                _queues.Done(host);
                isGoing = !_isStopping && _queues.TryTake(out ticket, out host);
                if (!isGoing)
                    _idle.Push(place);
            }

            // The place that was given back may let more than one on: with more of them free, each may hold more.
            StartRunners();
        }
    }

    private async Task<bool> TryMakeAsync(AttemptTicket ticket)
    {
        try
        {
            return await maker.MakeAsync(ticket, _cut.Token);
        }
        catch (OperationCanceledException) when (_cut.IsCancellationRequested)
        {
            return true;
        }
        catch (Exception exception)
        {
            Volatile.Write(ref _failure, ExceptionDispatchInfo.Capture(exception));
            inbox.Nudge();
            return true;
        }
    }

    private static string UrlOf(TaskRecord record)
    {
        try
        {
            return DefinitionPeek.Url(record.Definition);
        }
        catch (InvalidDataException)
        {
            // The attempt finds the same and is recorded as failed.
            return "";
        }
    }

    private static Task[] NoRunners(int count)
    {
        var runners = new Task[count];
        Array.Fill(runners, Task.CompletedTask);
        return runners;
    }
}
