using System.Text.RegularExpressions;

namespace XCron.Raft.Tests;

/// <summary>
/// Checks the shape of the source itself: size, width, namespaces, and which folder may use which.
/// The idea is TigerBeetle's src/tidy.zig.
/// </summary>
internal sealed partial class TidyTests
{
    private const int MaxColumns = 120;
    private const int MaxLines = 400;
    private const int MaxTestLines = 800;

    /// <summary>Which XCron namespaces each folder may name; a folder not listed may name any.</summary>
    private static readonly Dictionary<string, string[]> MayUse = new()
    {
        ["XCron.Raft.Core"] = [],
        ["XCron.Raft.Storage"] = [],
        ["XCron.Raft.Runtime"] = ["XCron.Raft.Core", "XCron.Raft.Storage"],
        ["XCron.Raft.Grpc"] = ["XCron.Raft.Core", "XCron.Raft.Grpc.Wire", "XCron.Raft.Runtime", "XCron.Raft.Storage"],
        ["XCron.Raft"] = ["XCron.Raft.Core", "XCron.Raft.Runtime", "XCron.Raft.Storage"],
        ["XCron.Proto"] = [],
        ["XCron.Daemon.Timing"] = [],
        ["XCron.Daemon.Schedules"] = [],
        ["XCron.Daemon.Commands"] = ["XCron.Proto.Tasks", "XCron.Raft"],
        ["XCron.Daemon.State"] = ["XCron.Daemon.Commands", "XCron.Proto.Tasks", "XCron.Raft"],
        ["XCron.Daemon.Firing"] =
        [
            "XCron.Daemon.Commands", "XCron.Daemon.Diagnostics", "XCron.Daemon.Schedules", "XCron.Daemon.State",
            "XCron.Daemon.Timing", "XCron.Proto.Tasks", "XCron.Raft",
        ],
        ["XCron.Daemon.Peers"] =
        [
            "XCron.Daemon.Commands", "XCron.Daemon.Diagnostics", "XCron.Daemon.State", "XCron.Proto.Cluster",
            "XCron.Proto.Tasks", "XCron.Raft",
        ],
        ["XCron.Daemon.Api"] =
        [
            "XCron.Daemon.Commands", "XCron.Daemon.Diagnostics", "XCron.Daemon.Schedules", "XCron.Daemon.State",
            "XCron.Proto.Tasks", "XCron.Raft",
        ],
        ["XCron.Daemon.Tls"] = [],
        ["XCron.Daemon.Dashboard"] = ["XCron.Daemon.State", "XCron.Raft"],
    };

    public static IEnumerable<SourceFile> Sources => SourceFile.All();

    [TestCaseSource(nameof(Sources))]
    public void Source_file_is_tidy(SourceFile file)
    {
        using (Assert.EnterMultipleScope())
        {
            Assert.That(file.Lines, Has.Length.AtMost(file.IsTest ? MaxTestLines : MaxLines), "lines in file");
            Assert.That(file.Lines.Where(IsTooWide), Is.Empty, $"lines over {MaxColumns} columns");
            Assert.That(file.Lines.Where(line => Leftover().IsMatch(line)), Is.Empty, "leftovers");
            Assert.That(file.Namespace, Is.Null.Or.EqualTo(file.FolderNamespace), "namespace follows folder");
            if (MayUse.TryGetValue(file.FolderNamespace, out var allowed))
                Assert.That(file.Usings, Is.SubsetOf(allowed), "dependencies");
        }
    }

    private static bool IsTooWide(string line) => line.Length > MaxColumns && !line.Contains("https://");

    [GeneratedRegex(@"//\s*TO[D]O\b|//\s*FIXM[E]|//\s*HAC[K]|#reg[i]on|\basync vo[i]d\b")]
    private static partial Regex Leftover();

    internal sealed record SourceFile(string RelativePath, string[] Lines)
    {
        public static readonly string Root = FindRoot();

        public bool IsTest => RelativePath.Contains(".Tests", StringComparison.Ordinal);

        public string FolderNamespace => Path.GetDirectoryName(RelativePath)!.Replace(Path.DirectorySeparatorChar, '.');

        public string? Namespace => NamesAfter("namespace ").FirstOrDefault();

        public IEnumerable<string> Usings => NamesAfter("using ").Where(name => name.StartsWith("XCron"));

        public static IEnumerable<SourceFile> All() =>
            from path in Directory.EnumerateFiles(Root, "*.cs", SearchOption.AllDirectories)
            let relativePath = Path.GetRelativePath(Root, path)
            where !relativePath.StartsWith("artifacts", StringComparison.Ordinal)
            select new SourceFile(relativePath, File.ReadAllLines(path));

        public override string ToString() => RelativePath;

        private IEnumerable<string> NamesAfter(string keyword) =>
            from line in Lines
            where line.StartsWith(keyword, StringComparison.Ordinal)
            select line[keyword.Length..].TrimEnd(';');

        /// <remarks>Not [CallerFilePath]: deterministic builds rewrite it to /_/.</remarks>
        private static string FindRoot()
        {
            var folder = new DirectoryInfo(TestContext.CurrentContext.TestDirectory);
            while (!File.Exists(Path.Combine(folder.FullName, "Directory.Build.props")))
                folder = folder.Parent ?? throw new DirectoryNotFoundException("No repository root above the tests.");
            return folder.FullName;
        }
    }
}
