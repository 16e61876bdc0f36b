namespace XCron.Raft.Tests.Simulation;

/// <summary>
/// What a run is like, drawn from its seed. Each kind of fault is off in a good part of the runs: with all of them on
/// in every run, each would hide behind the others (swarm testing, Groce et al. 2012).
/// </summary>
internal sealed record SimulationPlan
{
    private const int UsualSteps = 1400;

    // One clock may be slow and another fast by this: within an election timeout they come apart by less than the 15 %
    // of it that nodes are told.
    private const double LargestLeasedDrift = 0.06;

    public required int Seed { get; init; }

    /// <summary>Who forms the cluster.</summary>
    public int Nodes { get; init; } = 3;

    /// <summary>How often faults and quiet alternate.</summary>
    public int Rounds { get; init; } = 1;

    /// <summary>Steps under faults in each round; a step is 1 to 5 ms.</summary>
    public int StepsARound { get; init; } = UsualSteps;

    /// <summary>Whether nodes come, go and hand over meanwhile.</summary>
    public bool ChangesMembers { get; init; }

    /// <summary>How many things clients may be doing at a time.</summary>
    public int Clients { get; init; } = 8;

    public int Keys { get; init; } = 4;

    /// <summary>The chance that a client begins something in a step.</summary>
    public double AskRate { get; init; } = 0.4;

    /// <summary>How many of the operations are reads, as a share.</summary>
    public double Reads { get; init; } = 0.33;

    /// <summary>How many of the reads go to a leader that another has deposed and that does not know, while there is
    /// one.</summary>
    public double Audits { get; init; } = 0.5;

    public int PatienceMs { get; init; } = 1000;

    /// <summary>Ten heartbeats. Short: more elections in a run.</summary>
    public int ElectionMs { get; init; } = 200;

    public int SegmentBytes { get; init; } = 4096;

    public int SnapshotLogBytes { get; init; } = 2000;

    public int CachedLogBytes { get; init; } = 400;

    public int MaxUncommittedBytes { get; init; } = 1 << 20;

    /// <summary>Whether a leader answers reads by its lease; only where clocks keep the bound it is told.</summary>
    public bool LeaseReads { get; init; }

    public NetworkPlan Network { get; init; } = new();

    public ProcessPlan Process { get; init; } = new();

    public DiskPlan Disk { get; init; } = new();

    public static SimulationPlan Draw(int seed)
    {
        var dice = new Dice(new Random(seed));
        var rounds = dice.Any(1, 1, 2, 3);
        var electionMs = dice.Any(60, 100, 200);
        var plan = new SimulationPlan
        {
            Seed = seed,
            Nodes = dice.Any(1, 2, 3, 3, 3, 3, 3, 4, 5, 5),
            Rounds = rounds,
            StepsARound = UsualSteps / rounds,
            ChangesMembers = dice.Chance(0.4),
            Clients = dice.Any(3, 8, 16),
            Keys = dice.Any(1, 3, 6),
            AskRate = dice.UpTo(0.6) + 0.1,
            PatienceMs = dice.Any(150, 600, 2500),
            ElectionMs = electionMs,
            SegmentBytes = dice.Any(4096, 8192, 16384),
            SnapshotLogBytes = dice.Any(200, 600, 2000, 8000, int.MaxValue),
            CachedLogBytes = dice.Any(100, 400, 4000, 1 << 20),
            MaxUncommittedBytes = dice.Chance(0.2) ? 600 : 1 << 20,
            Network = NetworkPlan.Draw(dice, electionMs),
            Process = ProcessPlan.Draw(dice),
            Disk = DiskPlan.Draw(dice),
        };
        plan = dice.Any(0, 1, 2, 3, 4, 5, 6, 7, 8, 9) switch
        {
            0 => SimulationThemes.Figure8(plan, dice),
            1 => SimulationThemes.DeposedLeaders(plan, dice),
            _ => plan,
        };
        var keepsBound = plan.Process is { ClockDrift: <= LargestLeasedDrift, ClockLeaps: 0 };
        return plan with { LeaseReads = keepsBound && dice.Chance(0.7) };
    }

    /// <summary>The chances of a plan; the same seed draws the same.</summary>
    internal sealed class Dice(Random random)
    {
        public bool Chance(double chance) => random.NextDouble() < chance;

        public double UpTo(double limit) => random.NextDouble() * limit;

        /// <summary>On in so many of the runs, and then anything up to the limit.</summary>
        public double Sometimes(double chance, double limit)
        {
            var rate = random.NextDouble() * limit;
            return random.NextDouble() < chance ? rate : 0;
        }

        /// <summary>Some of so many kinds, as bits; never none.</summary>
        public int Mask(int kinds) => random.Next(1, 1 << kinds);

        public int Any(params ReadOnlySpan<int> values) => values[random.Next(values.Length)];
    }
}

/// <summary>Rates of a message, or of a step.</summary>
internal sealed record NetworkPlan
{
    public double Loss { get; init; }

    public double Doubling { get; init; }

    public int MaxDelayMs { get; init; } = 5;

    /// <summary>Messages that come so late that elections may lie between.</summary>
    public double Stragglers { get; init; }

    /// <summary>Links that are slow in one direction, for good: answers come late, and in order.</summary>
    public double SlowLinks { get; init; }

    /// <summary>How often links are cut: one node, one direction, halves, a chain, a star.</summary>
    public double Cuts { get; init; }

    public int MaxCutMs { get; init; } = 1000;

    public static NetworkPlan Draw(SimulationPlan.Dice dice, int electionMs) => new()
    {
        Loss = dice.Sometimes(0.6, 0.12),
        Doubling = dice.Sometimes(0.5, 0.15),
        MaxDelayMs = Math.Min(dice.Any(1, 5, 15, 40), electionMs / 8),
        Stragglers = dice.Sometimes(0.5, 0.1),
        Cuts = dice.Sometimes(0.7, 0.008),
        SlowLinks = dice.Sometimes(0.3, 0.5),
        MaxCutMs = dice.Any(200, 600, 2500),
    };
}

/// <summary>Rates of a step and a node, if not said otherwise.</summary>
internal sealed record ProcessPlan
{
    /// <summary>The power fails, or the process is killed.</summary>
    public double Crashes { get; init; }

    /// <summary>Of the crashes, how many leave the page cache as it is.</summary>
    public double Kills { get; init; }

    public double Pauses { get; init; }

    /// <summary>Of a step: a disk is emptied, and the node comes back as another.</summary>
    public double Wipes { get; init; }

    /// <summary>How far a clock's rate may be from the true one, as a share.</summary>
    public double ClockDrift { get; init; }

    /// <summary>A clock, though it only ever goes forward, leaps.</summary>
    public double ClockLeaps { get; init; }

    /// <summary>The chance that a leader is struck in the moment something new is committed.</summary>
    public double Ambushes { get; init; }

    /// <summary>The chance that it is struck in the moment it is elected: short terms, logs that conflict.</summary>
    public double Churn { get; init; }

    /// <summary>Which ways of striking there are: bits, at least one.</summary>
    public int ElectedAmbushes { get; init; } = 0b1111;

    /// <inheritdoc cref="ElectedAmbushes"/>
    public int CommittedAmbushes { get; init; } = 0b111_1111;

    public static ProcessPlan Draw(SimulationPlan.Dice dice) => new()
    {
        Crashes = dice.Sometimes(0.7, 0.004),
        Kills = dice.UpTo(1),
        Pauses = dice.Sometimes(0.5, 0.002),
        Wipes = dice.Sometimes(0.3, 0.004),
        ClockDrift = dice.Sometimes(0.5, dice.Chance(0.5) ? 0.6 : 0.05),
        ClockLeaps = dice.Sometimes(0.3, 0.001),
        Ambushes = dice.Sometimes(0.5, dice.Chance(0.5) ? 0.1 : 0.5),
        Churn = dice.Sometimes(0.5, 1),
        ElectedAmbushes = dice.Mask(4),
        CommittedAmbushes = dice.Mask(7),
    };
}

/// <summary>Rates of a step.</summary>
internal sealed record DiskPlan
{
    /// <summary>How often a disk changes its speed, stalls included.</summary>
    public double SpeedChanges { get; init; }

    /// <summary>Of the crashes, how many come in the middle of the disk's work.</summary>
    public double CrashesWithin { get; init; }

    public bool TearsAnywhere { get; init; }

    public double Errors { get; init; }

    public double Fills { get; init; }

    /// <summary>A bit of a file is not as it was written.</summary>
    public double Rots { get; init; }

    /// <summary>A write lands elsewhere on the same disk.</summary>
    public double Misdirections { get; init; }

    public static DiskPlan Draw(SimulationPlan.Dice dice) => new()
    {
        SpeedChanges = dice.Sometimes(0.6, 0.03),
        CrashesWithin = dice.UpTo(1),
        TearsAnywhere = dice.Chance(0.5),
        Errors = dice.Sometimes(0.4, 0.004),
        Fills = dice.Sometimes(0.3, 0.004),
        Rots = dice.Sometimes(0.3, 0.006),
        Misdirections = dice.Sometimes(0.25, 0.006),
    };
}
