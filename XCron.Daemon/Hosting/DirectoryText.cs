using System.Globalization;
using System.Text;
using XCron.Raft;

namespace XCron.Daemon.Hosting;

/// <summary>A data directory as its operator reads it.</summary>
internal static class DirectoryText
{
    public static string Describe(string path, RaftDirectoryReport report)
    {
        var text = new StringBuilder();
        Line("data", path);
        Line("node", report.NodeId == NodeId.None ? "cannot be read" : report.NodeId.ToString());
        Line("cluster", report.ClusterId is { } cluster ? $"{cluster}, epoch {report.Epoch}" : "none, or unreadable");
        Line("members", report.Membership?.ToString() ?? "none, or unreadable");
        Line("readable", $"entries up to {report.LastIndex} of term {report.LastTerm}; known to be committed: up to "
            + $"{report.Commit}; snapshot up to {report.SnapshotIndex}; newest term {report.Term}");
        foreach (var damage in report.Damage)
            Line("damaged", $"{damage.File}, byte {damage.Offset}: {damage.What}");
        if (report.Damage.Count > 0)
            Line("lost here", Lost(report));
        return text.ToString();

        void Line(string name, string value) =>
            text.Append(CultureInfo.InvariantCulture, $"  {name,-10} {value}\n");
    }

    /// <summary>For a start that cannot be: what is damaged, and the ways on.</summary>
    public static string DamageNotice(string path, RaftDirectoryReport report, bool hasOthers) =>
        "The data of this node is damaged. Nothing was served from it, and nothing of it was changed.\n"
        + Describe(path, report)
        + (hasOthers ? WithOthers : Alone);

    private const string WithOthers =
        "The node stays out of its cluster: it votes for nothing and acknowledges nothing. As soon as a leader\n"
        + "with a majority of the others knows it, its files are set aside in a folder of the data directory, and\n"
        + "it comes back as a new node in its place. Nothing is to be done while a majority of the others is up.\n"
        + "If they are lost for good, compare the survivors by \"xcron_server recover --show\", and see\n"
        + "\"xcron_server recover --force-new-cluster\".\n";

    private const string Alone =
        "Nobody else has what is lost: this node is the only member of its cluster. What to do:\n"
        + "  1. Copy the directory away. If there is a newer backup of it than the damage, put that in its place.\n"
        + "  2. Else \"xcron_server recover --cut-damage\" says what it would give up and, with --yes, goes on with\n"
        + "     what is readable; the damaged files are set aside in a folder of the data directory.\n";

    private static string Lost(RaftDirectoryReport report)
    {
        if (report.DurableIndex <= report.LastIndex)
            return $"no entry that is known of; whatever followed {report.LastIndex}, if anything did";

        return $"entries {report.LastIndex + 1} to {report.DurableIndex}, and whatever followed them";
    }
}
