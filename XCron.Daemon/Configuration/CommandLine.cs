namespace XCron.Daemon.Configuration;

/// <summary>The arguments, taken apart.</summary>
internal sealed record CommandLine
{
    public CommandLineAsk Ask { get; private init; }

    /// <summary>The file named, or null.</summary>
    public string? ConfPath { get; private init; }

    public IReadOnlyList<Setting> Settings { get; private init; } = [];

    public IReadOnlyList<string> Errors { get; private init; } = [];

    public static CommandLine Parse(IReadOnlyList<string> arguments)
    {
        string? confPath = null;
        var settings = new List<Setting>();
        var errors = new List<string>();
        for (var i = 0; i < arguments.Count; i++)
        {
            var argument = arguments[i];
            if (AskOf(argument) is { } ask)
                return new CommandLine { Ask = ask };
            if (!argument.StartsWith("--", StringComparison.Ordinal) && argument.Split('=')[0] != "-conf")
            {
                errors.Add(Unexpected(argument));
                continue;
            }

            var equals = argument.IndexOf('=');
            var option = equals < 0 ? argument : argument[..equals];
            string value;
            if (equals >= 0)
                value = argument[(equals + 1)..];
            else if (i + 1 < arguments.Count && !arguments[i + 1].StartsWith("--", StringComparison.Ordinal))
                value = arguments[++i];
            else
            {
                errors.Add($"option {option}: has no value; write {option} VALUE or {option}=VALUE.");
                continue;
            }

            if (option is not ("-conf" or "--conf"))
                settings.Add(new Setting(
                    option[2..], RawValue.Untyped(value), SettingOrigin.CommandLine, $"option {option}"));
            else if (confPath is null && value.Length > 0)
                confPath = value;
            else
                errors.Add($"option {option}: must name one file, once.");
        }

        foreach (var twice in settings.GroupBy(setting => setting.Path).Where(group => group.Count() > 1))
            errors.Add($"option --{twice.Key}: is given {twice.Count()} times; once is enough.");
        return new CommandLine { ConfPath = confPath, Settings = settings, Errors = errors };
    }

    private static CommandLineAsk? AskOf(string argument) => argument switch
    {
        "--help" or "-h" => CommandLineAsk.Help,
        "--version" => CommandLineAsk.Version,
        "--default-conf" => CommandLineAsk.DefaultFile,
        "--hash-key" => CommandLineAsk.HashKey,
        _ => null,
    };

    private static string Unexpected(string argument)
    {
        var name = argument.TrimStart('-').Split('=')[0];
        var meant = argument.StartsWith('-') && NearMiss.Find(name) is { } key ? $"; did you mean {key.Option}?" : ".";
        return $"\"{argument}\" is not an option{meant}";
    }
}

/// <summary>What the caller wants of the program.</summary>
internal enum CommandLineAsk
{
    Run = 0,
    Help = 1,
    Version = 2,
    DefaultFile = 3,
    HashKey = 4,
}
