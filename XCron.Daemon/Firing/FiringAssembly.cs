using XCron.Daemon.Commands;
using XCron.Daemon.State;
using XCron.Raft;

namespace XCron.Daemon.Firing;

/// <summary>
/// The parts of firing, joined, as one session has them. Starts no thread and no loop, so that a simulation can turn
/// the same parts itself.
/// </summary>
internal sealed class FiringAssembly : IStateObserver, IDisposable
{
    private readonly OwnerSession _self;
    private readonly ITaskReader _tasks;
    private readonly ProposalTimes _proposals = new();
    private readonly OwnershipFence _fence;
    private readonly CallbackSender _sender;

    /// <param name="tasks">The state.</param>
    /// <param name="gateway">Where claims and results go.</param>
    /// <param name="applied">How far this node has applied the log; may be some 20 ms old.</param>
    /// <param name="self">This process.</param>
    /// <param name="options">The limits.</param>
    /// <param name="time">The clock; due times are by its wall clock, waits by its timers.</param>
    /// <param name="metrics">Where figures go.</param>
    /// <param name="logger">Where traces go.</param>
    /// <param name="seed">Of jitter and trace ids.</param>
    /// <param name="handler">What sends the requests. Disposed with this.</param>
    /// <param name="start">Starts what goes on beside its starter, and returns its end.</param>
    /// <param name="longestSleepMs">See <see cref="TimingLoop.LongestSleepMs"/>.</param>
    public FiringAssembly(
        ITaskReader tasks,
        ICommandGateway gateway,
        Func<LogIndex> applied,
        OwnerSession self,
        FiringOptions options,
        TimeProvider time,
        IFiringMetrics metrics,
        ILogger logger,
        int seed,
        HttpMessageHandler handler,
        Func<Func<Task>, Task> start,
        int longestSleepMs = TimingLoop.MaxSleepMs)
    {
        (_self, _tasks) = (self, tasks);
        var seeds = new Random(seed);
        var due = new DueQueue();
        TimingInbox = new TimingInbox(self);
        Timing = new TimingLoop(tasks, self, TimingInbox, due, Attempts, time, logger)
        {
            LongestSleepMs = longestSleepMs,
        };
        var echo = new LogEcho(applied, time);
        Claims = new ClaimBatcher(
            tasks, gateway, echo, self, options, due, TimingInbox, _proposals, time,
            new Backoff(new Random(seeds.Next())), metrics, logger);
        Results = new ResultBatcher(
            tasks, gateway, self, options, Attempts, time, new Backoff(new Random(seeds.Next())), metrics, logger);
        _sender = new CallbackSender(handler, options, time, logger);
        _fence = new OwnershipFence(tasks, gateway, echo, self, options, time);
        var maker = new AttemptMaker(
            tasks, _fence, Attempts, _sender, new RetryPolicy(new Random(seeds.Next())), Results,
            new TraceParents(new Random(seeds.Next())), options, time, metrics);
        Dispatcher = new AttemptDispatcher(tasks, _fence, Attempts, maker, options, time, logger, start);
    }

    public TimingInbox TimingInbox { get; }

    public AttemptInbox Attempts { get; } = new();

    public TimingLoop Timing { get; }

    public ClaimBatcher Claims { get; }

    public AttemptDispatcher Dispatcher { get; }

    public ResultBatcher Results { get; }

    /// <summary>
    /// The epoch of the owners up to which this session holds no attempt of those that it was granted; 0 while it holds
    /// some that are not recorded.
    /// </summary>
    public long IdleEpoch
    {
        get
        {
            // The epoch first: what was granted up to it is open by then, or comes with a replaced state that is still
            // to be read, which is open before that is done.
            var epoch = _tasks.Ownership.Epoch;
            var holdsAttempts = Attempts.OpenCount > 0 || TimingInbox.ReplacedExpected > Timing.ReplacedDone
                || Attempts.OpenCount > 0;
            return holdsAttempts ? 0 : epoch;
        }
    }

    public void TaskChanged(TaskId id, TaskRecord? record) => TimingInbox.TaskChanged(id, record);

    public void AttemptGranted(OwnerSession session, TaskRecord record)
    {
        if (session == _self)
            Attempts.Offer(record, record.Run!, _proposals.TakeFor(record));
    }

    public void OwnersChanged(long epoch)
    {
        TimingInbox.OwnersChanged();
        Dispatcher.OwnersChanged();
    }

    public void StateReplacing() => TimingInbox.ExpectReload();

    public void StateReplaced()
    {
        TimingInbox.Reload();
        Dispatcher.OwnersChanged();
    }

    public void Dispose()
    {
        _sender.Dispose();
        _fence.Dispose();
        Dispatcher.Dispose();
        TimingInbox.Dispose();
    }
}
