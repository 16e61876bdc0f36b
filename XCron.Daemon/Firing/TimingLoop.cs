using System.Runtime.InteropServices;
using XCron.Daemon.Commands;
using XCron.Daemon.State;
using XCron.Daemon.Timing;

namespace XCron.Daemon.Firing;

/// <summary>
/// Knows when each task of this node's shards is due, and hands those that are to the claims. One thread calls
/// <see cref="RunOnce"/> again and again and sleeps in between for as long as it says.
/// </summary>
/// <remarks>
/// Invariant: a task of an owned shard that has something to wait for is in the wheel, or handed out, or in a shard
/// that is still to be loaded. What was handed out is not armed before it is released, and is then read anew.
/// </remarks>
internal sealed class TimingLoop(
    ITaskReader tasks,
    OwnerSession self,
    TimingInbox inbox,
    DueQueue due,
    AttemptInbox attempts,
    TimeProvider time,
    ILogger logger)
{
    /// <summary>A sleep ends after this at the latest, so that a clock that was set is seen.</summary>
    public const int MaxSleepMs = 1000;

    /// <summary>Records read in one turn before the wheel has its turn again.</summary>
    private const int LoadedInOneTurn = 4096;

    private const long SetBackWorthTellingMs = 100;

    private readonly WheelClock _clock = new(time.GetUtcNow().ToUnixTimeMilliseconds());
    private readonly IdMap<int>?[] _armed = new IdMap<int>?[ShardId.Count];
    private readonly Dictionary<long, Overdue> _overdue = [];
    private readonly Queue<int> _toLoad = new();
    private readonly List<long> _expired = [];
    private readonly List<long> _handedOut = [];
    private TimingChanges _spare = new();
    private TimingWheel _wheel = new(time.GetUtcNow().ToUnixTimeMilliseconds());
    private long _nowMs;
    private int _replacedTaken;

    // Written here, read by whoever asks for figures.
    private int _armedCount;
    private int _overdueCount;
    private long _oldestOverdueMs;
    private int _replacedDone;
    private long _lastTurn = time.GetTimestamp();
    private long _lastWalk = time.GetTimestamp();

    /// <summary>
    /// How long it may sleep at most, in ms. Longer than <see cref="MaxSleepMs"/> only where whoever turns it knows
    /// when the clock is set: a simulation.
    /// </summary>
    public int LongestSleepMs { get; init; } = MaxSleepMs;

    public int ArmedCount => Volatile.Read(ref _armedCount);

    public int OverdueCount => Volatile.Read(ref _overdueCount);

    public long OldestOverdueMs => Volatile.Read(ref _oldestOverdueMs);

    /// <summary>How many replaced states have been read whole.</summary>
    public int ReplacedDone => Volatile.Read(ref _replacedDone);

    /// <summary>When the last turn ended, as a timestamp of the TimeProvider.</summary>
    public long LastTurn => Volatile.Read(ref _lastTurn);

    /// <summary>
    /// Takes in what changed and hands out what is due; returns for how many milliseconds to sleep now.
    /// </summary>
    public int RunOnce()
    {
        _nowMs = time.GetUtcNow().ToUnixTimeMilliseconds();
        var wheelMs = _clock.Advance(_nowMs, out var setBackMs);
        if (setBackMs >= SetBackWorthTellingMs)
            logger.ClockSetBack(setBackMs);

        TakeIn();
        LoadSome();
        _wheel.Advance(wheelMs, _expired);
        foreach (var id in CollectionsMarshal.AsSpan(_expired))
            Expire(id);
        _expired.Clear();
        if (_handedOut.Count > 0)
            due.Add(_handedOut);
        _handedOut.Clear();
        ShowFigures();

        if (_toLoad.Count > 0)
            return 0;

        // At least 1 ms: the clock is read in whole milliseconds, so a shorter sleep would only turn in vain.
        var sleepMs = (int)Math.Clamp(_wheel.NextExpiryMs() - wheelMs, 1, LongestSleepMs);
        return inbox.TrySleepUntil(_nowMs + sleepMs) ? sleepMs : 0;
    }

    private void TakeIn()
    {
        var changes = inbox.Swap(_spare);
        foreach (var (id, record) in changes.Tasks)
            Change(id, record);
        _replacedTaken += changes.Replaced;
        if (changes.Reload)
            DisarmAll();
        if (changes.Reload || changes.OwnersChanged)
            TakeOwners();
        foreach (var release in CollectionsMarshal.AsSpan(changes.Releases))
            TakeBack(release);
        changes.Clear();
        _spare = changes;
    }

    private void Change(long id, TaskRecord? record)
    {
        var armed = ArmedOf(id);
        if (armed is null || IsHandedOut(id))
            return;
        Disarm(armed, id);
        _overdue.Remove(id);
        if (record is not null)
            Arm(armed, id, record.WakeAtMs(self));
    }

    private void TakeOwners()
    {
        var table = tasks.Ownership;
        var owners = table.Sessions;
        var (gained, lost, owned) = (0, 0, 0);
        for (var shard = 0; shard < owners.Length; shard++)
        {
            var isOwned = owners[shard] == self;
            owned += isOwned ? 1 : 0;
            if (isOwned == _armed[shard] is not null)
                continue;
            inbox.Follow(new ShardId(shard), isOwned);
            if (isOwned)
            {
                gained++;
                _armed[shard] = new IdMap<int>();
                _toLoad.Enqueue(shard);
            }
            else
            {
                lost++;
                foreach (var id in _armed[shard]!.Ids)
                {
                    _overdue.Remove(id);
                    if (_armed[shard]!.TryGetValue(id, out var handle))
                        _wheel.Cancel(handle, id);
                }

                _armed[shard] = null;
            }
        }

        if (gained + lost > 0)
            logger.OwnersChanged(table.Epoch, gained, lost, owned);
    }

    private void DisarmAll()
    {
        _wheel = new TimingWheel(_clock.Advance(_nowMs, out _));
        _toLoad.Clear();
        for (var shard = 0; shard < _armed.Length; shard++)
        {
            _toLoad.Enqueue(shard);
            if (_armed[shard] is not { } armed)
                continue;
            foreach (var id in armed.Ids)
                _overdue.Remove(id);
            armed.Clear();
        }
    }

    private void LoadSome()
    {
        var loaded = 0;
        while (loaded < LoadedInOneTurn && _toLoad.TryDequeue(out var shard))
        {
            var records = tasks.TasksOf(new ShardId(shard));
            foreach (var record in records)
            {
                Change(record.Id.Value, record);

                // A grant that came with a snapshot, not by the log, was told to nobody. It may be of a shard that is
                // another's now, who leaves it to this session while that is alive.
                if (record.Runs is not null)
                    OfferOwn(record, record.Runs);
            }

            loaded += records.Count;
        }

        if (_toLoad.Count == 0)
            Volatile.Write(ref _replacedDone, _replacedTaken);
    }

    private void OfferOwn(TaskRecord record, OpenRuns runs)
    {
        foreach (var run in runs.AsSpan())
        {
            if (run.ClaimedBy == self)
                attempts.Offer(record, run, AttemptTicket.NotKnown);
        }
    }

    private void Expire(long id)
    {
        if (ArmedOf(id) is not { } armed)
            return;
        armed.Remove(id, out _);
        if (tasks.Find(new TaskId(id)) is { } record)
            Arm(armed, id, record.WakeAtMs(self));
        else
            _overdue.Remove(id);
    }

    private void TakeBack(ClaimRelease release)
    {
        _overdue.Remove(release.Task, out var overdue);
        if (ArmedOf(release.Task) is not { } armed || tasks.Find(new TaskId(release.Task)) is not { } record)
            return;

        var wakeMs = record.WakeAtMs(self);
        if (wakeMs == 0 || wakeMs > _nowMs || record.Revision != release.Revision)
        {
            Arm(armed, release.Task, wakeMs);
            return;
        }

        // Due, and unchanged: the claim was not applied, or not yet on this node, or there was none to make. A change
        // arms it anew at once; this is for when none comes.
        armed[release.Task] = _wheel.Add(release.Task, _clock.OfWall(Math.Max(release.NotBeforeMs, _nowMs + 1)));
        if (!release.IsWaiting)
            _overdue[release.Task] = overdue with { IsHandedOut = false };
    }

    private void Arm(IdMap<int> armed, long id, long wakeMs)
    {
        if (wakeMs > _nowMs)
        {
            _overdue.Remove(id);
            armed[id] = _wheel.Add(id, _clock.OfWall(wakeMs));
        }
        else if (wakeMs == 0)
        {
            _overdue.Remove(id);
        }
        else
        {
            const long AtOnce = 1;
            var sinceMs = _overdue.TryGetValue(id, out var known) ? known.SinceMs
                : wakeMs == AtOnce ? _nowMs : wakeMs;
            _overdue[id] = new Overdue(sinceMs, IsHandedOut: true);
            _handedOut.Add(id);
        }
    }

    private void Disarm(IdMap<int> armed, long id)
    {
        if (armed.Remove(id, out var handle))
            _wheel.Cancel(handle, id);
    }

    private bool IsHandedOut(long id) => _overdue.TryGetValue(id, out var overdue) && overdue.IsHandedOut;

    private IdMap<int>? ArmedOf(long id) => _armed[ShardId.Of(new TaskId(id)).Value];

    private void ShowFigures()
    {
        Volatile.Write(ref _armedCount, _wheel.Count);
        Volatile.Write(ref _overdueCount, _overdue.Count);
        Volatile.Write(ref _lastTurn, time.GetTimestamp());
        if (_overdue.Count > 0 && time.GetElapsedTime(_lastWalk).TotalMilliseconds < MaxSleepMs)
            return;
        _lastWalk = time.GetTimestamp();
        var oldestMs = 0L;
        foreach (var overdue in _overdue.Values)
            oldestMs = Math.Max(oldestMs, _nowMs - overdue.SinceMs);
        Volatile.Write(ref _oldestOverdueMs, oldestMs);
    }

    /// <param name="SinceMs">The wall clock's time at which it was due.</param>
    /// <param name="IsHandedOut">Given to the claims and not yet released; else it waits to be tried again.</param>
    private readonly record struct Overdue(long SinceMs, bool IsHandedOut);
}
