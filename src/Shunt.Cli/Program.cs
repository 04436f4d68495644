Console.WriteLine("shunt");
