using XCron.Daemon.Commands;

namespace XCron.Daemon.Firing;

/// <summary>
/// Whether a session is alive, as the log has it: it owns a shard. One that is down loses all of them at once. So when
/// a
/// shard moves between two that are up, the run that is on its way stays with the one that has it and is sent once; the
/// new owner claims it only when the other is gone. Both sides go by this, the sender by a fresh look.
/// </summary>
internal static class SessionLife
{
    public static bool IsAlive(OwnerSession[] owners, OwnerSession session) => Array.IndexOf(owners, session) >= 0;
}
