namespace XCron.Raft;

/// <summary>Whether a node's disk takes what the log wants to write.</summary>
public enum DiskHealth : byte
{
    /// <summary>It takes what is written, or nothing is waiting for it.</summary>
    Well = 0,

    /// <summary>
    /// It has no space: a leader hands over to a voter whose disk has some, and else goes on leading.
    /// </summary>
    Full = 1,

    /// <summary>
    /// Nothing became durable for <see cref="RaftOptions.ElectionTimeout"/> although something waits: a leader hands
    /// over, or steps down after as long again, and the node does not campaign until the disk answers. A cluster of
    /// one voter has nobody to hand over to and waits.
    /// </summary>
    Stalled = 2,
}
