using System.Reflection;

namespace XCron.Daemon.Diagnostics;

/// <summary>Which xcron this is.</summary>
internal static class DaemonVersion
{
    /// <summary>"0.1.0+COMMIT", the commit where the build knew it.</summary>
    public static string Full { get; } =
        typeof(DaemonVersion).Assembly
            .GetCustomAttribute<AssemblyInformationalVersionAttribute>()!.InformationalVersion;

    /// <summary>"0.1.0".</summary>
    public static string Number { get; } = Full.Split('+')[0];
}
