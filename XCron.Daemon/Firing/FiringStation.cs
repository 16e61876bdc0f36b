using XCron.Daemon.Commands;
using XCron.Daemon.State;
using XCron.Raft;

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
    private readonly FiringAssembly _parts;
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
    /// <param name="applied">How far this node has applied the log.</param>
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
        Func<LogIndex> applied,
        OwnerSession self,
        FiringOptions options,
        TimeProvider time,
        IFiringMetrics metrics,
        ILogger logger,
        int seed,
        HttpMessageHandler? handler = null)
    {
        (_self, _options, _logger) = (self, options, logger);
        _parts = new FiringAssembly(
            tasks, gateway, applied, self, options, time, metrics, logger, seed,
            handler ?? CallbackSender.CreateHandler(options, time), static work => Task.Run(work));
    }

    /// <summary>
    /// Faults if a loop of firing ended by an error: then this node must stop. Never completes otherwise.
    /// </summary>
    public Task Failure => _failure.Task;

    public FiringFigures Figures => new(
        _parts.Timing.ArmedCount,
        _parts.Timing.OverdueCount,
        _parts.Timing.OldestOverdueMs,
        _parts.Dispatcher.Waiting,
        _parts.Dispatcher.InFlight,
        _parts.Results.Waiting,
        _parts.Timing.LastTurn);

    /// <inheritdoc cref="FiringAssembly.IdleEpoch"/>
    public long IdleEpoch => _parts.IdleEpoch;

    /// <summary>Starts the loops; the first turn reads the state of all shards that are this session's.</summary>
    public void Start()
    {
        _logger.Started(_self.Node, _self.Incarnation);
        _isStarted = true;
        _resultsRunning = Task.Run(() => GuardAsync("results", () => _parts.Results.RunAsync(_aborting.Token)));
        _dispatcherRunning = Task.Run(() => GuardAsync("attempts", () => _parts.Dispatcher.RunAsync(_stopping.Token)));
        _claimsRunning = Task.Run(
            () => GuardAsync("claims", () => _parts.Claims.RunAsync(_stopping.Token, _aborting.Token)));

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
        _parts.TimingInbox.Nudge();
        await _timingEnded.Task;
        await _claimsRunning;
        await _dispatcherRunning;
        var cutOff = await _parts.Dispatcher.StopAsync(_options.StopGrace, deadline);
        _parts.Results.Complete();
        await _resultsRunning;
        if (cutOff + _parts.Results.Waiting > 0)
            _logger.CutOff(cutOff, _parts.Results.Waiting);
    }

    public async ValueTask DisposeAsync()
    {
        await StopAsync(new CancellationToken(canceled: true));
        _parts.Dispose();
        _stopping.Dispose();
        _aborting.Dispose();
    }

    public void TaskChanged(TaskId id, TaskRecord? record) => _parts.TaskChanged(id, record);

    public void AttemptGranted(OwnerSession session, TaskRecord record) => _parts.AttemptGranted(session, record);

    public void OwnersChanged(long epoch) => _parts.OwnersChanged(epoch);

    public void StateReplacing() => _parts.StateReplacing();

    public void StateReplaced() => _parts.StateReplaced();

    private void RunTiming()
    {
        try
        {
            while (!_stopping.IsCancellationRequested)
            {
                var sleepMs = _parts.Timing.RunOnce();
                _parts.Dispatcher.Heartbeat();
                if (sleepMs > 0)
                    _parts.TimingInbox.Sleep(sleepMs);
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
