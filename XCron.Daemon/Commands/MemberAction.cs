namespace XCron.Daemon.Commands;

/// <summary>A change of the cluster.</summary>
internal enum MemberAction
{
    /// <summary>A node that waits for it is taken in: it learns first and is given its vote once it has caught up.
    /// </summary>
    Add,

    /// <summary>A member goes for good.</summary>
    Remove,

    /// <summary>A member is to lead.</summary>
    TransferLeader,
}
