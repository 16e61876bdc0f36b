namespace XCron.Raft.Tests.Simulation;

/// <summary>What a simulation did: faults by kind, and what came of the clients' proposals and reads.</summary>
internal sealed record SimulationFigures
{
    public long Elections { get; init; }

    public long Crashes { get; init; }

    public long Pauses { get; init; }

    public long Cuts { get; init; }

    public long MessagesLost { get; init; }

    public long MessagesDoubled { get; init; }

    public long Acknowledged { get; init; }

    public long Unknown { get; init; }

    public long Reads { get; init; }

    public long MembersChanged { get; init; }

    public long Transfers { get; init; }

    public SimulationFigures Plus(SimulationFigures other) => new()
    {
        Elections = Elections + other.Elections,
        Crashes = Crashes + other.Crashes,
        Pauses = Pauses + other.Pauses,
        Cuts = Cuts + other.Cuts,
        MessagesLost = MessagesLost + other.MessagesLost,
        MessagesDoubled = MessagesDoubled + other.MessagesDoubled,
        Acknowledged = Acknowledged + other.Acknowledged,
        Unknown = Unknown + other.Unknown,
        Reads = Reads + other.Reads,
        MembersChanged = MembersChanged + other.MembersChanged,
        Transfers = Transfers + other.Transfers,
    };

    public override string ToString() =>
        $"terms led {Elections}; crashes {Crashes}, pauses {Pauses}, cuts {Cuts}, messages lost {MessagesLost}, "
        + $"doubled {MessagesDoubled}; acknowledged {Acknowledged}, unknown {Unknown}, reads {Reads}; "
        + $"members changed {MembersChanged}, leadership handed over {Transfers}";
}
