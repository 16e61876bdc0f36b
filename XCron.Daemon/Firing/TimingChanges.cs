using XCron.Daemon.State;

namespace XCron.Daemon.Firing;

/// <summary>What the timing loop has to take in; filled by others, then swapped for an empty one.</summary>
internal sealed class TimingChanges
{
    /// <summary>The newest record of each changed task; null where it is gone.</summary>
    public Dictionary<long, TaskRecord?> Tasks { get; } = [];

    /// <summary>Bounded by the tasks handed out for claiming, each of which comes back once.</summary>
    public List<ClaimRelease> Releases { get; } = [];

    public bool OwnersChanged { get; set; }

    /// <summary>All is to be read anew from the state.</summary>
    public bool Reload { get; set; }

    /// <summary>How many times the state was replaced.</summary>
    public int Replaced { get; set; }

    /// <summary>The earliest wake-up among the changed tasks.</summary>
    public long EarliestMs { get; set; } = long.MaxValue;

    public bool IsUrgent => OwnersChanged || Reload || Releases.Count > 0;

    public void Clear()
    {
        Tasks.Clear();
        Releases.Clear();
        OwnersChanged = false;
        Reload = false;
        Replaced = 0;
        EarliestMs = long.MaxValue;
    }
}
