using XCron.Daemon.Commands;
using XCron.Daemon.State;

namespace XCron.Daemon.Firing;

/// <summary>
/// From due to recorded, for the shards that this session owns: the timing loop finds what is due, claims are proposed,
/// granted attempts are sent and their results recorded. To be made an observer of the state before it is started.
/// </summary>
internal sealed class FiringStation : IStateObserver, IAsyncDisposable
{
    private readonly OwnerSession _self;
    private readonly FiringOptions _options;
    private readonly ILogger _logger;
    private readonly TimingInbox _timingInbox;
    private readonly AttemptInbox _attemptInbox = new();
    private readonly ProposalTimes _proposals = new();
    private readonly TimingLoop _timing;
    private readonly ClaimBatcher _claims;
    private readonly OwnershipFence _fence;
    private readonly CallbackSender _sender;
    private readonly ResultBatcher _results;
    private readonly AttemptDispatcher _dispatcher;
    private readonly CancellationTokenSource _stopping = new();
    private readonly CancellationTokenSource _aborting = new();
    private readonly TaskCompletionSource _timingEnded = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly TaskCompletionSource _failure = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private Task _claimsRunning = Task.CompletedTask;
    private Task _dispatcherRunning = Task.CompletedTask;
    private Task _resultsRunning = Task.CompletedTask;
    private bool _isStarted;

    /// <param name="tasks">The state.</param>
    /// <param name="gateway">Where claims and results go.</param>
    /// <param name="self">This process.</param>
    /// <param name="options">The limits.</param>
    /// <param name="time">The clock; due times are by its wall clock, waits by its timers.</param>
    /// <param name="metrics">Where figures go.</param>
    /// <param name="logger">Where traces go.</param>
    /// <param name="seed">Of jitter and trace ids.</param>
    /// <param name="handler">What sends the requests; by default the one for real targets. Disposed with this.</param>
    public FiringStation(
        ITaskReader tasks,
        ICommandGateway gateway,
        OwnerSession self,
        FiringOptions options,
        TimeProvider time,
        IFiringMetrics metrics,
        ILogger logger,
        int seed,
        HttpMessageHandler? handler = null)
    {
        (_self, _options, _logger) = (self, options, logger);
        var seeds = new Random(seed);
        var due = new DueQueue();
        _timingInbox = new TimingInbox(self);
        _timing = new TimingLoop(tasks, self, _timingInbox, due, _attemptInbox, time, logger);
        _claims = new ClaimBatcher(
            tasks, gateway, self, options, due, _timingInbox, _proposals, time, new Backoff(new Random(seeds.Next())),
            metrics, logger);
        _results = new ResultBatcher(
            tasks, gateway, self, options, _attemptInbox, time, new Backoff(new Random(seeds.Next())), metrics, logger);
        _sender = new CallbackSender(
            handler ?? CallbackSender.CreateHandler(options, time), options, time, logger);
        _fence = new OwnershipFence(tasks, gateway, self, options, time);
        var maker = new AttemptMaker(
            tasks, _fence, _attemptInbox, _sender, new RetryPolicy(new Random(seeds.Next())), _results,
            new TraceParents(new Random(seeds.Next())), options, time, metrics);
        _dispatcher = new AttemptDispatcher(tasks, _fence, _attemptInbox, maker, options, time, logger);
    }

    /// <summary>
    /// Faults if a loop of firing ended by an error: then this node must stop. Never completes otherwise.
    /// </summary>
    public Task Failure => _failure.Task;

    public FiringFigures Figures => new(
        _timing.ArmedCount,
        _timing.OverdueCount,
        _timing.OldestOverdueMs,
        _dispatcher.Waiting,
        _dispatcher.InFlight,
        _results.Waiting,
        _timing.LastTurn);

    /// <summary>Starts the loops; the first turn reads the state of all shards that are this session's.</summary>
    public void Start()
    {
        _logger.Started(_self.Node, _self.Incarnation);
        _isStarted = true;
        _resultsRunning = Task.Run(() => GuardAsync("results", () => _results.RunAsync(_aborting.Token)));
        _dispatcherRunning = Task.Run(() => GuardAsync("attempts", () => _dispatcher.RunAsync(_stopping.Token)));
        _claimsRunning = Task.Run(
            () => GuardAsync("claims", () => _claims.RunAsync(_stopping.Token, _aborting.Token)));

        // A thread of its own: where every worker of the pool is busy, due times still are on time.
        new Thread(RunTiming) { IsBackground = true, Name = "xcron timing" }.Start();
    }

    /// <summary>
    /// Claims nothing more, lets attempts end within the grace of the options, and records results. What is left at the
    /// deadline is given up: it stays claimed by this session, so its shards' next owner makes it again.
    /// </summary>
    public async Task StopAsync(CancellationToken deadline)
    {
        if (!_isStarted)
            return;
        _isStarted = false;
        await using var abort = deadline.UnsafeRegister(
            static state => ((CancellationTokenSource)state!).Cancel(), _aborting);
        await _stopping.CancelAsync();
        _timingInbox.Nudge();
        await _timingEnded.Task;
        await _claimsRunning;
        await _dispatcherRunning;
        var cutOff = await _dispatcher.StopAsync(_options.StopGrace, deadline);
        _results.Complete();
        await _resultsRunning;
        if (cutOff + _results.Waiting > 0)
            _logger.CutOff(cutOff, _results.Waiting);
    }

    public async ValueTask DisposeAsync()
    {
        await StopAsync(new CancellationToken(canceled: true));
        _sender.Dispose();
        _fence.Dispose();
        _dispatcher.Dispose();
        _timingInbox.Dispose();
        _stopping.Dispose();
        _aborting.Dispose();
    }

    public void TaskChanged(TaskId id, TaskRecord? record) => _timingInbox.TaskChanged(id, record);

    public void AttemptGranted(OwnerSession session, TaskRecord record)
    {
        if (session == _self)
            _attemptInbox.Offer(record, record.Run!, _proposals.TakeFor(record));
    }

    public void OwnersChanged(long epoch)
    {
        _timingInbox.OwnersChanged();
        _dispatcher.OwnersChanged();
    }

    public void StateReplaced()
    {
        _timingInbox.Reload();
        _dispatcher.OwnersChanged();
    }

    private void RunTiming()
    {
        try
        {
            while (!_stopping.IsCancellationRequested)
            {
                var sleepMs = _timing.RunOnce();
                _dispatcher.Heartbeat();
                if (sleepMs > 0)
                    _timingInbox.Sleep(sleepMs);
            }
        }
        catch (Exception exception)
        {
            Fail("timing", exception);
        }

        _timingEnded.TrySetResult();
    }

    private async Task GuardAsync(string loop, Func<Task> run)
    {
        try
        {
            await run();
        }
        catch (OperationCanceledException)
            when (_stopping.IsCancellationRequested || _aborting.IsCancellationRequested)
        {
            // The usual end; where no time is left for it, aborting comes first.
        }
        catch (Exception exception)
        {
            Fail(loop, exception);
        }
    }

    private void Fail(string loop, Exception exception)
    {
        _logger.LoopFailed(exception, loop);
        _failure.TrySetException(exception);
    }
}
