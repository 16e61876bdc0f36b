using XCron.Proto.Tasks;
using XCron.Raft;

namespace XCron.Daemon.Commands;

/// <summary>
/// Which commands go on while disk space is low: those by which callbacks that were accepted before are sent and
/// recorded. It is told from the command itself, so a command that was passed on by another node is as urgent here as
/// there, and no caller can say otherwise.
/// </summary>
internal static class CommandUrgency
{
    /// <param name="command">An encoded TaskCommand.</param>
    public static ProposalUrgency Of(ReadOnlySpan<byte> command)
    {
        // The kind is the only field of a TaskCommand and so the first; its tag is one byte for all of these.
        var kind = command.IsEmpty ? 0 : command[0] >> 3;
        return kind is TaskCommand.ClaimFieldNumber or TaskCommand.FinishFieldNumber or TaskCommand.AssignFieldNumber
            ? ProposalUrgency.Urgent
            : ProposalUrgency.Ordinary;
    }
}
