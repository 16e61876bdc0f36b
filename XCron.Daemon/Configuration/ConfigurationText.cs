using System.Text;
using XCron.Daemon.Diagnostics;

namespace XCron.Daemon.Configuration;

/// <summary>The table of keys as people read it: --help, and the configuration file with every default.</summary>
internal static class ConfigurationText
{
    private const int Columns = 118;

    public static string Help()
    {
        var text = new StringBuilder(
            $"""
             xcron {DaemonVersion.Number}: a distributed, durable task scheduler

             xcron_server [--conf FILE] [--KEY VALUE | --KEY=VALUE]...
             xcron_server recover [--show | --cut-damage | --force-new-cluster | --rejoin] [--yes] [--conf FILE]...

               --conf FILE, -conf FILE  the configuration file (also XCRON_CONF); else ./xcron.toml, if there is one
               --default-conf           prints a configuration file with every key and its default
               --hash-key               hashes the API key on standard input, or makes a new one, for [auth] api_keys
               --version                prints the version
               --help, -h               prints this

             recover works on the raft_dir of a node that is not running. Without --yes it only says what it would do;
             what it replaces it sets aside in a folder of raft_dir and never deletes.

               recover --show               what the data holds, and what is damaged; to compare survivors
               recover --cut-damage         a single node goes on with what is readable before the damage
               recover --force-new-cluster  a majority is lost for good: this survivor goes on alone, under a new
                                            epoch, and others join it; with --cut-damage also where it is damaged
               recover --rejoin             sets this node's data aside, so that it joins as a new one

             Settings, with their defaults. Each is also a key of the file (peer.self: self under [peer]) and a
             variable of the environment (http_port: XCRON_HTTP_PORT; peer.self: XCRON_PEER__SELF). The command line
             wins over the environment, and the environment over the file. On both a list is written with commas:
             a:8899,b:8899.


             """.ReplaceLineEndings("\n"));
        foreach (var key in ConfigurationKeys.All)
        {
            text.Append("  ").Append(key.Option).Append(' ').Append(AsArgument(key.DefaultToml)).Append('\n');
            AppendWrapped(text, "      ", DocOf(key));
        }

        return text.ToString();
    }

    /// <summary>What xcron.toml at the root of the repository is.</summary>
    public static string DefaultFile()
    {
        var text = new StringBuilder();
        AppendWrapped(
            text,
            "# ",
            "The configuration of an xcron node. Every key is here with its default; one that is left out has it too. "
            + "A key that is not known, or a value that is not right, stops the start. The environment "
            + "(XCRON_HTTP_PORT, XCRON_PEER__SELF) wins over this file, and the command line (--http_port 8001) over "
            + "both.");
        var section = "";
        foreach (var key in ConfigurationKeys.All)
        {
            text.Append('\n');
            if (key.Section != section)
            {
                section = key.Section;
                text.Append('[').Append(section).Append("]\n");
            }

            AppendWrapped(text, "# ", DocOf(key));
            text.Append(key.Name).Append(" = ").Append(key.DefaultToml).Append('\n');
        }

        return text.ToString();
    }

    /// <summary>A file's value as the command line has it: a list by its commas, a text without quotes.</summary>
    private static string AsArgument(string toml)
    {
        var argument = toml.Trim('[', ']').Replace("\"", "").Replace(", ", ",");
        return argument.Length == 0 ? "\"\"" : argument;
    }

    private static string DocOf(ConfigurationKey key) =>
        $"{key.Doc} {char.ToUpperInvariant(key.Expectation[0])}{key.Expectation[1..]}.";

    private static void AppendWrapped(StringBuilder text, string indent, string sentences)
    {
        var column = 0;
        foreach (var word in sentences.Split(' '))
        {
            if (column > 0 && column + 1 + word.Length > Columns)
            {
                text.Append('\n');
                column = 0;
            }

            text.Append(column == 0 ? indent : " ").Append(word);
            column += (column == 0 ? indent.Length : 1) + word.Length;
        }

        text.Append('\n');
    }
}
