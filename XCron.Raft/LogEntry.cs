namespace XCron.Raft;

/// <summary>What an entry of the log is for.</summary>
public enum EntryKind : byte
{
    /// <summary>Nothing; a new leader's first entry (Raft §8), so that it learns what is committed.</summary>
    NoOp = 0,

    /// <summary>A command of the application's, handed to its <see cref="IStateMachine"/>.</summary>
    Command = 1,

    /// <summary>An encoded <see cref="Membership"/>, in force from the moment it is appended (Raft §6).</summary>
    Configuration = 2,
}

/// <summary>One entry of the replicated log. Immutable: nobody may change the payload once it is proposed.</summary>
/// <param name="Index">Where it stands.</param>
/// <param name="Term">The term of the leader that appended it.</param>
/// <param name="Kind">What it is for.</param>
/// <param name="Payload">Its bytes; owned by the log from the moment of the proposal.</param>
public sealed record LogEntry(LogIndex Index, Term Term, EntryKind Kind, ReadOnlyMemory<byte> Payload);
