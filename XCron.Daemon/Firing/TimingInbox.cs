using System.Runtime.InteropServices;
using XCron.Daemon.Commands;
using XCron.Daemon.State;

namespace XCron.Daemon.Firing;

/// <summary>
/// The timing loop's letterbox. Writers never wait: a task's changes are merged into its newest, and when too many
/// tasks have changed, all of them give way to one order to read the state anew, which is always right.
/// </summary>
internal sealed class TimingInbox(OwnerSession self) : IDisposable
{
    /// <summary>Changed tasks held; beyond it, reading everything costs no more than they would.</summary>
    private const int MaxTasks = 65_536;

    /// <summary>Changed tasks that wake the loop though none is due soon, so that no turn has too much to do.</summary>
    private const int ManyTasks = 4096;

    private readonly Lock _gate = new();
    private readonly AutoResetEvent _wake = new(false);
    private readonly bool[] _owned = new bool[ShardId.Count];
    private TimingChanges _filling = new() { Reload = true };
    private long _sleepUntilMs = long.MaxValue;
    private bool _isWoken;
    private int _replacedExpected;

    /// <summary>How many times the state was replaced, or is just about to be.</summary>
    public int ReplacedExpected => Volatile.Read(ref _replacedExpected);

    public void TaskChanged(TaskId id, TaskRecord? record)
    {
        var wakeMs = record?.WakeAtMs(self) ?? 0;
        lock (_gate)
        {
            // Whoever gains a shard marks it here before reading its tasks, so a change that is left out now was
            // applied before that reading. The same holds for a reload to come.
            if (!_owned[ShardId.Of(id).Value] || _filling.Reload)
                return;
            _filling.Tasks[id.Value] = record;
            if (_filling.Tasks.Count > MaxTasks)
            {
                _filling.Tasks.Clear();
                _filling.Reload = true;
                Wake();
                return;
            }

            if (wakeMs != 0)
                _filling.EarliestMs = Math.Min(_filling.EarliestMs, wakeMs);
            if (_filling.EarliestMs < _sleepUntilMs || _filling.Tasks.Count >= ManyTasks)
                Wake();
        }
    }

    public void OwnersChanged()
    {
        lock (_gate)
        {
            _filling.OwnersChanged = true;
            Wake();
        }
    }

    /// <summary>The state is about to be replaced; <see cref="Reload"/> follows.</summary>
    public void ExpectReload() => Interlocked.Increment(ref _replacedExpected);

    public void Reload()
    {
        lock (_gate)
        {
            _filling.Tasks.Clear();
            _filling.Reload = true;
            _filling.Replaced++;
            Wake();
        }
    }

    public void Release(List<ClaimRelease> releases)
    {
        lock (_gate)
        {
            _filling.Releases.AddRange(CollectionsMarshal.AsSpan(releases));
            Wake();
        }
    }

    /// <summary>Wakes the loop for no other reason than to let it see that it is to stop.</summary>
    public void Nudge()
    {
        lock (_gate)
            Wake();
    }

    /// <summary>For the loop: takes all there is and gives an empty one to fill.</summary>
    public TimingChanges Swap(TimingChanges empty)
    {
        lock (_gate)
        {
            (var full, _filling) = (_filling, empty);
            _isWoken = false;
            return full;
        }
    }

    /// <summary>For the loop: from now on changes of this shard's tasks are (or are not) to be told.</summary>
    public void Follow(ShardId shard, bool isOwned)
    {
        lock (_gate)
            _owned[shard.Value] = isOwned;
    }

    /// <summary>
    /// For the loop: says until when it means to sleep; false if there is something to take in before.
    /// </summary>
    public bool TrySleepUntil(long wakeMs)
    {
        lock (_gate)
        {
            _sleepUntilMs = wakeMs;
            return !_filling.IsUrgent && _filling.EarliestMs >= wakeMs && _filling.Tasks.Count < ManyTasks;
        }
    }

    /// <summary>For the loop's thread: sleeps until woken, at most this long.</summary>
    public void Sleep(int milliseconds) => _wake.WaitOne(milliseconds);

    public void Dispose() => _wake.Dispose();

    private void Wake()
    {
        if (_isWoken)
            return;
        _isWoken = true;
        _wake.Set();
    }
}
