using System.Globalization;

namespace XCron.Daemon.Tests.Soak;

/// <summary>What the soak command was asked for.</summary>
internal sealed record SoakOptions
{
    public const string Usage =
        "usage: soak --minutes N [--rate TASKS_A_SECOND] [--seed S] [--server PATH] [--history FILE]"
        + " [--without FAULT,…]";

    /// <summary>How long faults and creates go on; 0.1 to 1440.</summary>
    public double Minutes { get; init; } = 1;

    /// <summary>Creates a second, 1 to 1000.</summary>
    public int Rate { get; init; } = 20;

    /// <summary>Decides what is done to whom and for how long; not what the processes make of it.</summary>
    public int Seed { get; init; } = 1;

    /// <summary>The server's binary; null: xcron_server at the root of the repository.</summary>
    public string? Server { get; init; }

    /// <summary>Where the history goes, a JSON object a line; null: it is not written.</summary>
    public string? History { get; init; }

    /// <summary>Kinds of faults that are left out.</summary>
    public IReadOnlySet<FaultKind> Without { get; init; } = new HashSet<FaultKind>();

    /// <summary>Null where the arguments are not understood.</summary>
    public static SoakOptions? Parse(string[] arguments)
    {
        var options = new SoakOptions();
        for (var i = 0; i < arguments.Length; i += 2)
        {
            if (i + 1 == arguments.Length || Read(options, arguments[i], arguments[i + 1]) is not { } read)
                return null;
            options = read;
        }

        return options;
    }

    private static SoakOptions? Read(SoakOptions options, string name, string value)
    {
        var culture = CultureInfo.InvariantCulture;
        switch (name)
        {
            case "--minutes" when double.TryParse(value, culture, out var minutes) && minutes is >= 0.1 and <= 1440:
                return options with { Minutes = minutes };
            case "--rate" when int.TryParse(value, culture, out var rate) && rate is >= 1 and <= 1000:
                return options with { Rate = rate };
            case "--seed" when int.TryParse(value, culture, out var seed):
                return options with { Seed = seed };
            case "--server":
                return options with { Server = value };
            case "--history":
                return options with { History = value };
            case "--without":
                var kinds = value.Split(',').Select(FaultNames.Find).ToArray();
                return kinds.Contains(null)
                    ? null
                    : options with { Without = kinds.Select(kind => kind!.Value).ToHashSet() };
            default:
                return null;
        }
    }
}
