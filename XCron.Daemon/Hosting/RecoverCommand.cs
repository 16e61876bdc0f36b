using System.Diagnostics;
using XCron.Daemon.Configuration;
using XCron.Raft;

namespace XCron.Daemon.Hosting;

/// <summary>
/// "xcron_server recover": what an operator does with the data of a node that is not running. Says what the directory
/// holds, what would be lost, and does it only where that was confirmed.
/// </summary>
internal static class RecoverCommand
{
    private const int NotDone = 1;

    public static int Run(ConfigurationOutcome.Recover recover, TextWriter output, TextWriter errors)
    {
        var path = recover.Options.RaftDir;
        try
        {
            using var recovery = RaftRecovery.Open(path);
            output.Write(DirectoryText.Describe(path, recovery.Report));
            if (recover.Ask.Action == RecoverAction.Show)
                return 0;
            if (!recover.Ask.IsConfirmed)
            {
                output.Write(WarningOf(recover.Ask.Action) + "Nothing was changed. To do it, add --yes.\n");
                return NotDone;
            }

            return Tell(CarryOut(recovery, recover), recover, output, errors);
        }
        catch (IOException failure)
        {
            errors.WriteLine(failure.Message);
            return NotDone;
        }
    }

    private static RecoveryOutcome CarryOut(RaftRecovery recovery, ConfigurationOutcome.Recover recover) =>
        recover.Ask.Action switch
        {
            RecoverAction.CutDamage => recovery.CutDamage(),
            RecoverAction.ForceNewCluster =>
                recovery.ForceNewCluster(recover.Options.Peer.Self, recover.Ask.CutsDamage),
            RecoverAction.Rejoin => recovery.Leave(),
            _ => throw new UnreachableException($"No action: {recover.Ask.Action}."),
        };

    private static int Tell(
        RecoveryOutcome outcome, ConfigurationOutcome.Recover recover, TextWriter output, TextWriter errors)
    {
        switch (outcome)
        {
            case RecoveryOutcome.Done done:
                var folder = Path.Combine(recover.Options.RaftDir, done.Folder);
                output.Write($"Done. The files as they were are in {folder}; nothing deletes them.\n");
                output.Write(NextOf(recover.Ask.Action, done));
                return 0;
            case RecoveryOutcome.Refused refused:
                errors.WriteLine($"Nothing was changed. {refused.Why}");
                return NotDone;
            default:
                throw new UnreachableException($"No outcome: {outcome}.");
        }
    }

    private static string WarningOf(RecoverAction action) => action switch
    {
        RecoverAction.CutDamage =>
            "All entries behind the last readable one would be lost for good, acknowledged ones among them.\n",
        RecoverAction.ForceNewCluster =>
            "This node would become the only member of its cluster, with all that is readable here, under a new\n"
            + "epoch. Whatever was acknowledged by the others without this node would be lost for good: do this on\n"
            + "the survivor whose last readable entry has the highest term and, of those, the highest index, on one\n"
            + "only, and only if a majority never comes back. Nodes of the old epoch are refused from then on.\n",
        RecoverAction.Rejoin =>
            "The data of this node would be set aside: what only it holds is not served any more.\n",
        _ => throw new UnreachableException($"No action: {action}."),
    };

    private static string NextOf(RecoverAction action, RecoveryOutcome.Done done) => action switch
    {
        RecoverAction.CutDamage => "Start the node.\n",
        RecoverAction.ForceNewCluster =>
            $"Epoch {done.Membership!.Epoch}, members: {done.Membership}. Start this node; then let the others join:\n"
            + "\"recover --rejoin\" sets their data aside, and [peer] join names this node.\n",
        _ => "Start the node with [peer] join naming a node of the cluster: it is then a new one.\n",
    };
}
