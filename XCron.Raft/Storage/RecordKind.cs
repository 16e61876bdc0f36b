namespace XCron.Raft.Storage;

/// <summary>What a record of a frame says. The numbers are on disk.</summary>
internal enum RecordKind : byte
{
    /// <summary>Term and vote: i64, u64.</summary>
    HardState = 1,

    /// <summary>An entry: kind u8, payload length u32, index i64, term i64, payload.</summary>
    Entry = 2,

    /// <summary>Entries at this index and after are void: i64; the term of the one before it: i64.</summary>
    Truncate = 3,

    /// <summary>The log begins anew behind a snapshot: its index i64, term i64.</summary>
    Reset = 4,

    /// <summary>Up to here is committed, as far as known: i64.</summary>
    Commit = 5,

    /// <summary>Where the log stands: last index i64, its term i64.</summary>
    Stand = 6,
}
