namespace XCron.Raft.Tests.Simulation;

/// <summary>
/// Plans bent towards a story that took others a bug to learn. By chance alone each of its turns is likely enough, and
/// all of them one after the other are not.
/// </summary>
internal static class SimulationThemes
{
    /// <summary>
    /// Raft figure 8: leaders that fall before anybody has what they appended, come back, and spread entries of an old
    /// term; and whose own disk is the last to have what they append.
    /// </summary>
    public static SimulationPlan Figure8(SimulationPlan plan, SimulationPlan.Dice dice) => plan with
    {
        Nodes = dice.Any(3, 3, 5),
        Rounds = 1,
        StepsARound = 1500,
        ElectionMs = 60,
        ChangesMembers = false,
        Network = new NetworkPlan { MaxDelayMs = dice.Any(1, 5), MaxCutMs = dice.Any(200, 500) },
        Process = new ProcessPlan
        {
            Ambushes = 0.5 + dice.UpTo(0.5),
            Churn = 0.9,
            ElectedAmbushes = 0b1110,
            CommittedAmbushes = 0b0000111,
        },
        Disk = new DiskPlan { SpeedChanges = dice.UpTo(0.05), TearsAnywhere = true },
    };

    /// <summary>
    /// A leader that is cut off while answers to it are still on their way (etcd 20418): they keep it in its belief,
    /// and must not confirm what is asked of it now.
    /// </summary>
    public static SimulationPlan DeposedLeaders(SimulationPlan plan, SimulationPlan.Dice dice) => plan with
    {
        Nodes = dice.Any(3, 3, 5),
        Rounds = 1,
        ElectionMs = dice.Any(100, 200),
        ChangesMembers = dice.Chance(0.3),
        Clients = 16,
        PatienceMs = 600,
        AskRate = 0.9,
        Reads = 0.6,
        Audits = 0.9,
        Network = new NetworkPlan
        {
            MaxDelayMs = 5, SlowLinks = 0.3 + dice.UpTo(0.4), Stragglers = dice.UpTo(0.2), MaxCutMs = 1500,
        },
        Process = new ProcessPlan
        {
            Ambushes = 0.1,
            CommittedAmbushes = dice.Any(0b0100000, 0b0111000),
            ClockDrift = dice.Any(0, 5, 40) / 100.0,
        },
        Disk = new DiskPlan(),
    };
}
