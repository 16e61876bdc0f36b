namespace XCron.Daemon.Configuration;

/// <summary>What the arguments, the environment and the file come to.</summary>
internal abstract record ConfigurationOutcome
{
    private ConfigurationOutcome()
    {
    }

    /// <param name="Options">Complete and checked.</param>
    /// <param name="File">The file that was read, or null.</param>
    internal sealed record Run(XCronOptions Options, string? File) : ConfigurationOutcome;

    /// <summary>The data of a node that is not running is to be looked at or recovered; nothing is started.</summary>
    internal sealed record Recover(XCronOptions Options, RecoverAsk Ask) : ConfigurationOutcome;

    /// <summary>The caller asked for a text (--help) and gets it on standard output; nothing is started.</summary>
    internal sealed record Print(string Text) : ConfigurationOutcome;

    /// <summary>Nothing may be started.</summary>
    /// <param name="Errors">At least one sentence; each says where, what, and what would be right.</param>
    internal sealed record Refused(IReadOnlyList<string> Errors) : ConfigurationOutcome
    {
        /// <summary>The exit code of a process that was started wrongly.</summary>
        public const int ExitCode = 2;

        /// <summary>For standard error.</summary>
        public string Message =>
            $"xcron cannot start, {Errors.Count} {(Errors.Count == 1 ? "error" : "errors")} in its configuration:\n"
            + string.Concat(Errors.Select(error => $"  {error}\n"));
    }
}
