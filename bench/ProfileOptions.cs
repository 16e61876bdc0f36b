using System.Globalization;

namespace bench;

/// <summary>What stands behind a profile's name on the command line: pairs of an option and its value.</summary>
internal sealed class ProfileOptions
{
    private readonly Dictionary<string, int> _numbers = [];

    private ProfileOptions()
    {
    }

    /// <summary>The daemon to measure: the one named, else the one built; null: compiled at run time.</summary>
    public string? Server { get; private set; } = ServerProcess.BuiltBinary();

    /// <summary>Null, and the usage is said, where an option is not known or its value is none.</summary>
    /// <param name="arguments">As they were given.</param>
    /// <param name="usage">Which there are; beside --server.</param>
    /// <param name="numbers">The options that have a whole number.</param>
    public static ProfileOptions? Read(string[] arguments, string usage, params string[] numbers)
    {
        var options = new ProfileOptions();
        for (var i = 0; i < arguments.Length; i += 2)
        {
            switch (arguments[i], arguments.ElementAtOrDefault(i + 1))
            {
                case (var name, { } value) when numbers.Contains(name)
                    && int.TryParse(value, CultureInfo.InvariantCulture, out var number):
                    options._numbers[name] = number;
                    break;
                case ("--server", { } value) when File.Exists(value):
                    options.Server = Path.GetFullPath(value);
                    break;
                default:
                    Console.Error.WriteLine(usage);
                    return null;
            }
        }

        return options;
    }

    public int Number(string name, int usual) => _numbers.GetValueOrDefault(name, usual);
}
