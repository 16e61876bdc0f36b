namespace XCron.Raft;

/// <summary>Whether a node's disk takes what the log wants to write.</summary>
public enum DiskHealth : byte
{
    /// <summary>It takes what is written, or nothing is waiting for it.</summary>
    Well = 0,

    /// <summary>
    /// It has no space for another segment of the log. What is left of the last one, made ahead, is kept for urgent
    /// proposals; ordinary ones are refused. A leader hands over to a voter whose disk is well, if there is one.
    /// </summary>
    Low = 1,

    /// <summary>
    /// That is used up too: proposals are refused, and what was appended waits. A leader hands over as when it is low,
    /// and else goes on leading, so that reads go on.
    /// </summary>
    Full = 2,

    /// <summary>
    /// Nothing became durable for <see cref="RaftOptions.ElectionTimeout"/> although something waits: a leader hands
    /// over, or steps down after as long again, and the node does not campaign until the disk answers. A cluster of
    /// one voter has nobody to hand over to and waits.
    /// </summary>
    Stalled = 3,
}
