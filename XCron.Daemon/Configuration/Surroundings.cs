using System.Collections;
using System.Net;
using System.Net.NetworkInformation;

namespace XCron.Daemon.Configuration;

/// <summary>All that a configuration is read from, so that reading it depends on nothing else.</summary>
internal sealed record Surroundings
{
    public IReadOnlyList<string> Arguments { get; init; } = [];

    public IReadOnlyDictionary<string, string> Environment { get; init; } = new Dictionary<string, string>();

    /// <summary>Absolute; xcron.toml is looked for here, and raft_dir starts here.</summary>
    public required string WorkingDirectory { get; init; }

    public string HostName { get; init; } = "";

    /// <summary>The machine's own.</summary>
    public IReadOnlyList<IPAddress> Addresses { get; init; } = [];

    /// <summary>The first line of standard input; null where there is none, or where it is a terminal.</summary>
    public Func<string?> ReadInputLine { get; init; } = static () => null;

    public TimeZoneInfo LocalZone { get; init; } = TimeZoneInfo.Utc;

    public static Surroundings OfThisProcess(IReadOnlyList<string> arguments) => new()
    {
        Arguments = arguments,
        Environment = System.Environment.GetEnvironmentVariables()
            .Cast<DictionaryEntry>()
            .ToDictionary(entry => (string)entry.Key, entry => entry.Value as string ?? ""),
        WorkingDirectory = System.Environment.CurrentDirectory,
        HostName = System.Environment.MachineName,
        Addresses = OwnAddresses(),
        ReadInputLine = static () => Console.IsInputRedirected ? Console.In.ReadLine() : null,
        LocalZone = TimeZoneInfo.Local,
    };

    private static List<IPAddress> OwnAddresses()
    {
        try
        {
            return
            [
                .. from card in NetworkInterface.GetAllNetworkInterfaces()
                   where card.OperationalStatus != OperationalStatus.Down
                   from own in card.GetIPProperties().UnicastAddresses
                   select own.Address,
            ];
        }
        catch (NetworkInformationException)
        {
            // A sandbox that hides the network cards: [peer] self says what cannot be seen.
            return [];
        }
    }
}
