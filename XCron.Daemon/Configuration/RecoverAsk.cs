namespace XCron.Daemon.Configuration;

/// <summary>What "xcron_server recover" is to do with a data directory.</summary>
/// <param name="Action">What.</param>
/// <param name="CutsDamage">Forcing a new cluster goes on where there is damage, with what lies before it.</param>
/// <param name="IsConfirmed">Without it, it is only said what would be done.</param>
internal sealed record RecoverAsk(RecoverAction Action, bool CutsDamage, bool IsConfirmed)
{
    public const string Command = "recover";

    private const string Show = "--show";
    private const string Cut = "--cut-damage";
    private const string Force = "--force-new-cluster";
    private const string Rejoin = "--rejoin";
    private const string Yes = "--yes";

    /// <summary>Takes the command and its switches out of the arguments; null: it is not asked for.</summary>
    /// <param name="arguments">All of them; the command is the first.</param>
    /// <param name="rest">The settings, as for a start.</param>
    /// <param name="error">What cannot be asked for together, or null.</param>
    public static RecoverAsk? Parse(
        IReadOnlyList<string> arguments, out IReadOnlyList<string> rest, out string? error)
    {
        rest = arguments;
        error = null;
        if (arguments.Count == 0 || arguments[0] != Command)
            return null;

        string[] switches = [Show, Cut, Force, Rejoin, Yes];
        var given = arguments.Skip(1).Where(switches.Contains).ToHashSet(StringComparer.Ordinal);
        rest = [.. arguments.Skip(1).Where(argument => !given.Contains(argument))];
        var isConfirmed = given.Remove(Yes);
        var cuts = given.Contains(Cut);
        if (given.Contains(Force))
            given.Remove(Cut);
        if (given.Count > 1)
            error = $"{Command}: {string.Join(" and ", given.Order(StringComparer.Ordinal))} do not go together.";

        var action = (given.Count == 1 ? given.Single() : Show) switch
        {
            Cut => RecoverAction.CutDamage,
            Force => RecoverAction.ForceNewCluster,
            Rejoin => RecoverAction.Rejoin,
            _ => RecoverAction.Show,
        };
        return new RecoverAsk(action, cuts, isConfirmed);
    }
}

internal enum RecoverAction
{
    /// <summary>Says what the directory holds.</summary>
    Show = 0,

    /// <summary>Goes on with what lies before the damage.</summary>
    CutDamage = 1,

    /// <summary>Makes a survivor of a lost quorum the only member of its cluster.</summary>
    ForceNewCluster = 2,

    /// <summary>Sets the data aside, so that the node joins as a new one.</summary>
    Rejoin = 3,
}
