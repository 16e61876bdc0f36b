namespace XCron.Raft.Tests.Simulation;

/// <summary>What a simulation did: faults by kind, and what came of the clients' proposals and reads.</summary>
internal sealed record SimulationFigures
{
    public long Elections { get; init; }

    public long Crashes { get; init; }

    public long Kills { get; init; }

    public long Pauses { get; init; }

    public long Ambushes { get; init; }

    public long ClockLeaps { get; init; }

    public long Wipes { get; init; }

    public long Cuts { get; init; }

    public long MessagesLost { get; init; }

    public long MessagesDoubled { get; init; }

    public long MessagesLate { get; init; }

    public long DiskErrors { get; init; }

    public long DisksFull { get; init; }

    public long DiskStalls { get; init; }

    public long BitsRotten { get; init; }

    public long WritesMisdirected { get; init; }

    public long Acknowledged { get; init; }

    public long Unknown { get; init; }

    public long Reads { get; init; }

    public long MembersChanged { get; init; }

    public long Transfers { get; init; }

    public long KeysUndecided { get; init; }

    public SimulationFigures Plus(SimulationFigures other) => new()
    {
        Elections = Elections + other.Elections,
        Crashes = Crashes + other.Crashes,
        Kills = Kills + other.Kills,
        Pauses = Pauses + other.Pauses,
        Ambushes = Ambushes + other.Ambushes,
        ClockLeaps = ClockLeaps + other.ClockLeaps,
        Wipes = Wipes + other.Wipes,
        Cuts = Cuts + other.Cuts,
        MessagesLost = MessagesLost + other.MessagesLost,
        MessagesDoubled = MessagesDoubled + other.MessagesDoubled,
        MessagesLate = MessagesLate + other.MessagesLate,
        DiskErrors = DiskErrors + other.DiskErrors,
        DisksFull = DisksFull + other.DisksFull,
        DiskStalls = DiskStalls + other.DiskStalls,
        BitsRotten = BitsRotten + other.BitsRotten,
        WritesMisdirected = WritesMisdirected + other.WritesMisdirected,
        Acknowledged = Acknowledged + other.Acknowledged,
        Unknown = Unknown + other.Unknown,
        Reads = Reads + other.Reads,
        MembersChanged = MembersChanged + other.MembersChanged,
        Transfers = Transfers + other.Transfers,
        KeysUndecided = KeysUndecided + other.KeysUndecided,
    };

    public override string ToString() =>
        $"terms led {Elections}; faults: crashes {Crashes}, kills {Kills}, pauses {Pauses}, ambushes {Ambushes}, "
        + $"clock leaps {ClockLeaps}, wipes {Wipes}, cuts {Cuts}, messages lost {MessagesLost}, "
        + $"doubled {MessagesDoubled}, late {MessagesLate}, disk errors {DiskErrors}, full {DisksFull}, "
        + $"stalled {DiskStalls}, bits rotten {BitsRotten}, writes misdirected {WritesMisdirected}; "
        + $"acknowledged {Acknowledged}, unknown {Unknown}, reads {Reads}, members changed {MembersChanged}, "
        + $"leadership handed over {Transfers}, registers undecided {KeysUndecided}";
}
