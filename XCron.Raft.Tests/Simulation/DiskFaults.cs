namespace XCron.Raft.Tests.Simulation;

/// <summary>
/// Slow, stalled, full and failing disks, which any machine may have; and damaged ones, within the budget.
/// </summary>
internal sealed class DiskFaults(DiskPlan plan, VirtualTime time, Random random, FaultBudget budget)
{
    private const int MaxFullMs = 1500;
    private const int MeanStallSteps = 100;

    private readonly List<(SimulatedDisk Disk, long UntilMs)> _full = [];

    public int Errors { get; private set; }

    public int Fills { get; private set; }

    public int Rots { get; private set; }

    public int Misdirections { get; private set; }

    public int Stalls { get; private set; }

    /// <param name="victim">Any machine.</param>
    /// <param name="settled">See <see cref="FaultBudget.Allows"/>.</param>
    public void Act(SimulatedNode victim, Func<Membership?> settled)
    {
        if (random.NextDouble() < plan.SpeedChanges)
            ChangeSpeed(victim);
        if (random.Next(MeanStallSteps) == 0)
            victim.DiskSpeed = 1;
        if (random.NextDouble() < plan.Errors)
            Fail(victim.Disk);
        if (random.NextDouble() < plan.Fills)
            Fill(victim.Disk);
        if (random.NextDouble() < plan.Rots && budget.Allows(victim.Id, settled()))
            Rot(victim);
        if (random.NextDouble() < plan.Misdirections && victim.IsRunning && budget.Allows(victim.Id, settled()))
            Misdirect(victim);
        EmptyFull(time.NowMs);
    }

    /// <summary>No more of it: what is armed is disarmed, what is full has space again.</summary>
    public void End(IEnumerable<SimulatedNode> nodes)
    {
        EmptyFull(long.MaxValue);
        foreach (var node in nodes)
        {
            node.DiskSpeed = 1;
            node.Disk.Disarm();
        }
    }

    private void ChangeSpeed(SimulatedNode victim)
    {
        var kind = random.Next(4);
        Stalls += kind == 0 ? 1 : 0;
        victim.DiskSpeed = kind switch
        {
            0 => 0,
            1 => random.NextDouble() * 0.1,
            2 => random.NextDouble() * 0.5,
            _ => 1,
        };
    }

    private void Fail(SimulatedDisk disk)
    {
        Errors++;
        switch (random.Next(4))
        {
            case 0:
                disk.FailNextSync();
                break;
            case 1:
                disk.FailNextDirectorySync();
                break;
            case 2:
                disk.FailNextWrite();
                break;
            default:
                disk.FailNextRead();
                break;
        }
    }

    private void Fill(SimulatedDisk disk)
    {
        Fills++;
        disk.BytesUntilFull = random.Next(2000);
        _full.Add((disk, time.NowMs + random.Next(MaxFullMs)));
    }

    private void EmptyFull(long nowMs)
    {
        foreach (var (disk, _) in _full.Where(full => full.UntilMs <= nowMs))
            disk.BytesUntilFull = null;
        _full.RemoveAll(full => full.UntilMs <= nowMs);
    }

    private void Rot(SimulatedNode victim)
    {
        if (PlaceIn(victim.Disk) is not { } place)
            return;

        Rots++;
        Hurt(victim);
        victim.Disk.FlipBit(place.Name, place.Offset, random.Next(8));
    }

    private void Misdirect(SimulatedNode victim)
    {
        if (PlaceIn(victim.Disk) is not { } place)
            return;

        Misdirections++;
        Hurt(victim);
        victim.Disk.MisdirectNextWrite(place.Name, place.Offset);
    }

    private void Hurt(SimulatedNode victim)
    {
        budget.Spend(victim.Id);
        victim.IsDiskSuspect = true;
    }

    /// <summary>Somewhere in a file, where something is rather than nothing.</summary>
    private (string Name, long Offset)? PlaceIn(SimulatedDisk disk)
    {
        const int Tries = 8;
        (string, long)? place = null;
        var names = disk.List().Order(StringComparer.Ordinal).ToArray();
        for (var i = 0; i < Tries && names.Length > 0; i++)
        {
            var name = names[random.Next(names.Length)];
            var content = disk.ReadAll(name);
            if (content.Length == 0)
                continue;

            var offset = random.Next(content.Length);
            place = (name, offset);
            if (content[offset] != 0)
                return place;
        }

        return place;
    }
}
