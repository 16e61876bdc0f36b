using XCron.Raft;

namespace XCron.Daemon.Firing;

/// <summary>Why a command was not applied, in a word.</summary>
internal static class OutcomeText
{
    public static string Of(ProposeOutcome outcome) => outcome switch
    {
        ProposeOutcome.Rejected rejected => rejected.Reason.ToString(),
        ProposeOutcome.Unknown => "outcome unknown",
        _ => "applied",
    };
}
